import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

/// Files that state their function: whole modules, TorchScript, `.pt2` archives, and PyTorch's float64
/// output.
@Suite struct EvidenceTests {
  struct Truth: Sendable, CustomTestStringConvertible {
    let file: String
    let channels: Int
    let floor: Double
    let output: [Double]
    /// What a refusal has to name; nil if the network can be converted.
    let cause: String?
    var testDescription: String { file }
  }

  nonisolated static let truths: [Truth] = {
    let json = try? JSONValue.parse(readFile(Fixtures.path("evidence/truth.json")))
    return (json?.members ?? []).map { member in
      let value = member.value
      return Truth(
        file: member.key, channels: value["channels"]?.int ?? 3, floor: value["floor"]?.double ?? 0,
        output: value["output"]?.array?.compactMap(\.double) ?? [], cause: value["cause"]?.string)
    }
  }()

  @Test func `every form and both outcomes have fixtures`() {
    let forms = Set(Self.truths.compactMap { $0.file.split(separator: ".").last })
    #expect(forms == ["whole", "script", "trace", "pt2"])
    #expect(Self.truths.count { $0.cause == nil } >= 15)
    #expect(Self.truths.count { $0.cause != nil } >= 7)
  }

  @Test(arguments: truths.filter { $0.cause == nil })
  func `what a file states is obeyed, and the output is PyTorch's`(truth: Truth) throws {
    let folder = try TemporaryFolder()
    let model = folder.file("model.swt")
    // Nothing is left to assume, because the file states everything.
    let converted = Tool("convert", Self.path(truth), "-o", model, "--strict", "--json")
    #expect(converted.status == .success, "\(converted.errors)")
    let conventions = try #require(try converted.json()["conventions"]?.array)
    for name in ["stem", "pool", "strides", "dilations", "bn_eps", "activation", "final_pool"] {
      #expect(conventions.first { $0["name"]?.string == name }?["from"]?.string == "file", "\(name)")
    }
    for engine in ["fast", "reference"] {
      let output = folder.file("\(engine).npy")
      let run = Tool("run", model, try Self.input(truth, folder), "-o", output, "--engine", engine)
      #expect(run.status == .success, "\(run.errors)")
      let error = try Self.error(output, truth.output)
      #expect(error <= 8 * max(truth.floor, 0x1p-24), "\(engine): \(error) with a floor of \(truth.floor)")
    }
    // The name that is printed is one that --arch takes.
    let name = try #require(try converted.json()["architecture"]?.string)
    let named = Tool("convert", Self.path(truth), "-o", folder.file("named.swt"), "--arch", name)
    #expect(named.status == .success, "\(name): \(named.errors)")
    #expect(Tool("arch", name).status == .success)
  }

  @Test(arguments: truths.filter { $0.cause != nil })
  func `what the layer tree cannot express is refused by name and place`(truth: Truth) throws {
    let folder = try TemporaryFolder()
    let tool = Tool("convert", Self.path(truth), "-o", folder.file("model.swt"))
    #expect(tool.status == .weightsDiffer)
    #expect(tool.errors.contains(truth.cause ?? "?"), "\(tool.errors)")
  }

  @Test(arguments: [
    (["--bn-eps", "1e-4"], "BatchNorm's epsilon is 1e-05 by what the file states, and 0.0001 by the option"),
    (["--stem", "7x7/1/3"], "the stem is 7x7/2/3 by what the file states, and 7x7/1/3 by the option"),
    (
      ["--pool", "none"],
      "the pooling after the stem is 3x3/2/1 by what the file states, and none by the option"
    ),
    (["--strides", "1,2,2,1"], "layer4.0.conv2 states stride 2 in the file, while the option makes it 1"),
    (["--stride-on", "1x1"], "layer2.0.conv1 states stride 1 in the file, while the option makes it 2"),
    (["--dilation", "1,1,1,2", "--strides", "1,2,2,1"], "layer4.0.conv2 states stride 2 in the file"),
  ])
  func `an option that contradicts the file is refused, and both are named`(
    options: [String], message: String
  ) throws {
    let folder = try TemporaryFolder()
    let tool = Tool(
      ["convert", Fixtures.path("evidence/default.whole"), "-o", folder.file("model.swt")] + options)
    #expect(tool.status == .weightsDiffer)
    #expect(tool.errors.contains(message), "\(tool.errors)")
  }

  @Test func `a golden settles what a state dict leaves open`() throws {
    let folder = try TemporaryFolder()
    let (input, checkpoint) = (Fixtures.path("evidence/input.npy"), Fixture.checkpoint("resnext_small"))
    let (model, output) = (folder.file("model.swt"), folder.file("output.npy"))
    Tool("convert", checkpoint, "-o", model, "--strides", "1,2,2,1", "--bn-eps", "0.001")
    #expect(Tool("run", model, input, "-o", output).status == .success)
    let tool = Tool(
      "convert", checkpoint, "-o", folder.file("settled.swt"), "--golden", input, "--golden", output,
      "--strict", "--json")
    #expect(tool.status == .success, "\(tool.errors)")
    let conventions = try #require(try tool.json()["conventions"]?.array)
    let strides = conventions.first { $0["name"]?.string == "strides" }
    #expect(strides?["value"]?.array?.compactMap(\.int) == [1, 2, 2, 1])
    #expect(strides?["from"]?.string == "golden")
    #expect(conventions.first { $0["name"]?.string == "bn_eps" }?["value"]?.double == 0.001)
    // A golden of no convention: the output of another input.
    let other = Tool(
      "convert", checkpoint, "-o", folder.file("other.swt"), "--golden", input, "--golden",
      try Self.shifted(output, folder))
    #expect(other.status == .weightsDiffer)
    #expect(other.errors.contains("passes with none of the"), "\(other.errors)")
  }

  /// The array with its last value changed.
  private static func shifted(_ path: String, _ folder: TemporaryFolder) throws -> String {
    var bytes = try readFile(path)
    bytes[bytes.count - 1] ^= 0x80
    let file = folder.file("shifted.npy")
    try writeFile(file, bytes)
    return file
  }

  private static func path(_ truth: Truth) -> String { Fixtures.path("evidence/\(truth.file)") }

  /// The input, with as many channels as the network takes.
  static func input(_ truth: Truth, _ folder: TemporaryFolder) throws -> String {
    let path = Fixtures.path("evidence/input.npy")
    guard truth.channels != 3 else { return path }
    let bytes = try readFile(path)
    let pixels = 36 * 33
    let values = Array(bytes.suffix(4 * 3 * pixels).prefix(4 * truth.channels * pixels))
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, \(truth.channels), 36, 33), }"
    let padded = header + String(repeating: " ", count: (64 - (10 + header.utf8.count + 1) % 64) % 64) + "\n"
    let start: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(padded.utf8.count), 0]
    let file = folder.file("input.npy")
    try writeFile(file, start + Array(padded.utf8) + values)
    return file
  }

  /// The relative L2 error of a float32 array.
  static func error(_ path: String, _ expected: [Double]) throws -> Double {
    let bytes = try readFile(path)
    guard bytes.count > 4 * expected.count else { return .infinity }
    let values = bytes.suffix(4 * expected.count)
    var (difference, norm) = (0.0, 0.0)
    for (index, value) in expected.enumerated() {
      let start = values.startIndex + 4 * index
      let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(values[start + $1]) << (8 * UInt32($1)) }
      let own = Double(Float(bitPattern: bits))
      difference += (own - value) * (own - value)
      norm += value * value
    }
    return (difference / norm).squareRoot()
  }
}
