import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

@Suite struct BenchTests {
  /// A small network as a weight file.
  private static func model(_ folder: TemporaryFolder) throws -> String {
    let model = folder.file("model.swt")
    try #require(Tool("convert", Fixture.checkpoint("resnext_small"), "-o", model).status == .success)
    return model
  }

  @Test func `the JSON keeps its contract`() throws {
    let folder = try TemporaryFolder()
    let words = ["--threads", "2", "--batch", "3", "--runs", "7", "--warmup", "1", "--size", "33", "--json"]
    let tool = Tool(["bench", try Self.model(folder)] + words)
    #expect(tool.status == .success, "\(tool.errors)")
    #expect(tool.errors.isEmpty)
    let document = try tool.json()
    #expect(document["schema"]?.string == "pth2swt.bench/1")
    #expect(document["threads"]?.int == 2)
    #expect(document["batch"]?.int == 3)
    #expect(document["runs"]?.int == 7)
    #expect(document["size"]?.int == 33)
    #expect(document["isa"]?.string?.isEmpty == false)
    #expect(document["arena_bytes"]?.int ?? 0 > 0)
    let times = try ["min", "median", "p90"].map { try #require(document["latency_ms"]?[$0]?.double) }
    #expect(times[0] > 0 && times == times.sorted())
    let multiplyAdds = Double(try #require(document["multiply_adds"]?.int))
    let gigaflops = try #require(document["gflops"]?.double)
    #expect(abs(gigaflops * times[1] / (2e-6 * multiplyAdds) - 1) < 1e-9)
    let throughput = try #require(document["images_per_second"]?.double)
    #expect(abs(throughput * times[1] / 3000 - 1) < 1e-9)
    #expect(document["peak_gflops"]?.double ?? 0 > 0)
    #expect(document["layers"] == nil)
  }

  @Test func `layers are named, timed and add up`() throws {
    let folder = try TemporaryFolder()
    let model = try Self.model(folder)
    let document = try Tool("bench", model, "--layers", "--runs", "2", "--size", "64", "--json").json()
    let layers = try #require(document["layers"]?.array)
    let names = layers.compactMap { $0["name"]?.string }
    #expect(Set(names).isSuperset(of: ["conv1", "maxpool", "layer1.0.conv2", "avgpool", "fc"]))
    let total = layers.reduce(0) { $0 + ($1["multiply_adds"]?.int ?? 0) }
    #expect(total == document["multiply_adds"]?.int)

    let text = Tool("bench", model, "--layers", "--runs", "2", "--size", "64").output
    for words in ["latency, median", "grouped 3×3", "% of peak", "lose the most time", "total"] {
      #expect(text.contains(words), "\(text)")
    }
    #expect(!Tool("bench", model, "--runs", "2", "--size", "64").output.contains("grouped"))
  }

  @Test(arguments: ["bf16", "i8"])
  func `reduced precision is timed too`(compute: String) throws {
    let folder = try TemporaryFolder()
    let words = ["--compute", compute, "--layers", "--runs", "1", "--size", "64", "--json"]
    let document = try Tool(["bench", try Self.model(folder)] + words).json()
    #expect(document["precision"]?.string == compute)
    let layers = try #require(document["layers"]?.array)
    // bfloat16 numbers are multiplied as such, or rounded and multiplied as float32, whichever is faster here.
    let kernels =
      compute == "i8" ? ["i8", "amx i8"] : ["bf16", "amx bf16", "tiles rounded", "lanes rounded"]
    let reduced = layers.filter { kernels.contains($0["kernel"]?.string ?? "") }.compactMap {
      $0["name"]?.string
    }
    #expect(reduced.contains("layer1.0.conv2") && reduced.contains("rounding"))
    let isStem = compute == "bf16" && document["arithmetic"]?.string == "tiles"
    #expect(reduced.contains("conv1") == isStem)
    #expect(Tool("bench", "--arch", "resnet18", "--compute", "f16").status == .usage)
  }

  @Test func `a published network needs no file`() throws {
    let document = try Tool("bench", "--arch", "resnet18", "--runs", "1", "--size", "32", "--json").json()
    #expect(document["architecture"]?.string == "resnet18")
    #expect(document["model"]?.isNull == true)
    // The stem at 16×16, then stages at 8×8, 4×4, 2×2 and 1×1: each later stage has a first convolution at
    // the previous size, three at its own size, and a projection.
    let stem = 64 * 3 * 49 * 256
    let first = 4 * 64 * 64 * 9 * 64
    let later = (128 * 64 * 9 + 3 * 128 * 128 * 9 + 128 * 64) * 16
    #expect(document["multiply_adds"]?.int == stem + first + 3 * later + 512 * 1000)
  }

  struct Mistake: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let words: [String]
    let status: Status
    let says: String
  }

  static let mistakes: [Mistake] = [
    Mistake(testDescription: "nothing", words: [], status: .usage, says: "either MODEL.swt or --arch"),
    Mistake(
      testDescription: "both", words: ["a.swt", "--arch", "resnet50"], status: .usage,
      says: "either MODEL.swt"),
    Mistake(
      testDescription: "an unknown network", words: ["--arch", "resnet51"], status: .usage,
      says: "did you mean resnet50?"),
    Mistake(
      testDescription: "no runs", words: ["--arch", "resnet18", "--runs", "0"], status: .usage,
      says: "--runs must be in 1"),
    Mistake(
      testDescription: "no threads", words: ["--arch", "resnet18", "--threads", "0"], status: .usage,
      says: "--threads must be in 1…256"),
    Mistake(
      testDescription: "no images", words: ["--arch", "resnet18", "--batch", "0"], status: .usage,
      says: "--batch must be in 1"),
    Mistake(
      testDescription: "no pixels", words: ["--arch", "resnet18", "--size", "0"], status: .usage,
      says: "--size must be in 1…4096"),
    Mistake(
      testDescription: "an unknown instruction set", words: ["--arch", "resnet18", "--isa", "mmx"],
      status: .usage, says: "--isa must be one of best"),
    Mistake(
      testDescription: "an unknown option", words: ["a.swt", "--layer"], status: .usage,
      says: "did you mean --layers?"),
    Mistake(
      testDescription: "a missing file", words: ["/nowhere.swt"], status: .inputUnreadable,
      says: "no such file"
    ),
    Mistake(
      testDescription: "a checkpoint", words: [Fixture.checkpoint("resnext_small")], status: .inputUnreadable,
      says: "a checkpoint, not a .swt weight file"),
  ]

  @Test(arguments: mistakes)
  func `a mistake has one line and the right code`(mistake: Mistake) throws {
    let tool = Tool(["bench"] + mistake.words)
    #expect(tool.status == mistake.status, "\(tool.errors)")
    #expect(tool.errors.contains(mistake.says), "\(tool.errors)")
    #expect(tool.errors.split(separator: "\n").count == 1)
    #expect(tool.output.isEmpty)
  }

  @Test func `weights without a network are refused`() throws {
    let folder = try TemporaryFolder()
    let file = folder.file("any.swt")
    Tool("convert", Fixture.checkpoint("views"), "-o", file, "--arch", "none")
    #expect(Tool("bench", file).status == .weightsDiffer)
  }
}
