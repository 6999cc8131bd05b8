import PthReader
import SWTCommands
internal import SWTConsole
import SWTTensorFiles
internal import SWTTensors
import TestSupport
import Testing

/// State dicts whose conventions a golden settles: logits that PyTorch computed, and nothing else.
@Suite struct SettlingTests {
  /// A network that no candidate equals: some of its layers have epsilons of their own.
  private nonisolated static let unlisted: Set<String> = ["basic-mixed-epsilon.whole"]

  nonisolated static let truths = EvidenceTests.truths.filter {
    $0.cause == nil && $0.file.hasSuffix(".whole")
  }

  @Test(arguments: truths.filter { !unlisted.contains($0.file) })
  func `logits settle stem, pooling, strides, dilations and epsilon`(truth: EvidenceTests.Truth) throws {
    let folder = try TemporaryFolder()
    let (state, input, golden) = try Self.files(truth, folder)
    let model = folder.file("model.swt")
    let tool = Tool(
      "convert", state, "-o", model, "--golden", input, "--golden", golden, "--strict", "--json")
    #expect(tool.status == .success, "\(tool.errors)")
    let output = folder.file("output.npy")
    #expect(Tool("run", model, input, "-o", output).status == .success)
    #expect(try EvidenceTests.error(output, truth.output) <= 8 * max(truth.floor, 0x1p-24))

    // Of a larger picture it computes what the network does whose file states everything.
    let (whole, larger) = (folder.file("whole.swt"), try Self.larger(truth, folder))
    #expect(Tool("convert", Self.path(truth), "-o", whole).status == .success)
    let outputs = try [model, whole].map { file in
      let output = folder.file("larger.npy")
      #expect(Tool("run", file, larger, "-o", output, "--force").status == .success)
      return try readFile(output)
    }
    #expect(outputs[0] == outputs[1])
  }

  @Test(arguments: ["stem-and-pool", "no-pool", "basic"])
  func `networks far from the usual ones settle, and compute what PyTorch does`(name: String) throws {
    let (folder, fixtures) = (try TemporaryFolder(), Fixtures.path("settling"))
    let (model, output) = (folder.file("model.swt"), folder.file("output.npy"))
    let tool = Tool(
      "convert", "\(fixtures)/\(name).pth", "-o", model, "--golden", "\(fixtures)/pictures.npy", "--golden",
      "\(fixtures)/\(name).npy", "--strict")
    #expect(tool.status == .success, "\(tool.errors)")
    #expect(Tool("run", model, "\(fixtures)/other.npy", "-o", output).status == .success)
    let truth = try #require(try JSONValue.parse(readFile("\(fixtures)/truth.json"))[name])
    let expected = (truth["output"]?.array ?? []).compactMap(\.double)
    let floor = try #require(truth["floor"]?.double)
    #expect(try EvidenceTests.error(output, expected) <= 8 * max(floor, 0x1p-24))
  }

  @Test(arguments: [[], ["--full-taps"]], ["stem-3x3-pool.whole", "last-stride-1.whole", "epsilon.whole"])
  func `outputs of stages settle conventions as well`(options: [String], file: String) throws {
    let truth = try #require(Self.truths.first { $0.file == file })
    let folder = try TemporaryFolder()
    let (state, input, _) = try Self.files(truth, folder)
    let (whole, model) = (folder.file("whole.swt"), folder.file("model.swt"))
    Tool("convert", Self.path(truth), "-o", whole)
    let made = Tool(
      ["golden", "make", whole, "--engine", "reference", "--input", input, "-o", folder.file("goldens")]
        + options)
    #expect(made.status == .success, "\(made.errors)")
    // A golden states its conventions; of exported arrays, the values have to settle them, and the usual
    // network's maps have other sizes.
    let golden = folder.file("goldens/input.self.golden.safetensors")
    #expect(
      Tool("golden", "export", golden, "-o", folder.file("arrays"), "--as", "npz").status == .success)
    for file in [golden, folder.file("arrays/golden.npz")] {
      let tool = Tool("convert", state, "-o", model, "--golden", file, "--strict", "--json", "--force")
      #expect(tool.status == .success, "\(tool.errors)")
      #expect(Tool("diff", whole, model).status == .success)
    }
  }

  @Test(arguments: [[], ["--json"]])
  func `a golden of another input is refused with the cause that verify finds`(options: [String]) throws {
    let truth = try #require(Self.truths.first { $0.file == "default.whole" })
    let folder = try TemporaryFolder()
    let (state, input, golden) = try Self.files(truth, folder)
    // PyTorch's logits are of the picture whose channels are in the other order.
    let swapped = folder.file("bgr.npy")
    let bytes = try readFile(input)
    let plane = 4 * 36 * 33
    let planes = (0..<3).map { bytes.suffix(plane * (3 - $0)).prefix(plane) }
    try writeFile(swapped, Array(bytes.dropLast(3 * plane)) + planes.reversed().joined())
    let tool = Tool(
      ["convert", state, "-o", folder.file("model.swt"), "--golden", swapped, "--golden", golden] + options)
    #expect(tool.status == .weightsDiffer)
    #expect(tool.errors.contains("passes with none of the"), "\(tool.errors)")
    #expect(tool.errors.contains("verify's diagnosis: "), "\(tool.errors)")
    #expect(tool.errors.contains("BGR"), "\(tool.errors)")
  }

  @Test func `weights that are not finite are the cause that is named`() throws {
    let truth = try #require(Self.truths.first { $0.file == "default.whole" })
    let folder = try TemporaryFolder()
    let (state, input, golden) = try Self.files(truth, folder)
    let file = try PthFile(path: state)
    let tensors = try file.tensors.filter { $0.shape != [] }.map { entry in
      var values = try file.floats(of: entry)
      if entry.name == "layer2.0.bn1.running_mean" { values[1] = .nan }
      return SafetensorsWriter.Tensor(name: entry.name, TensorData(shape: entry.shape, floats: values))
    }
    let damaged = folder.file("state.safetensors")
    let writer = try SafetensorsWriter(metadata: OrderedStrings(), tensors: tensors, order: .given)
    try writeFile(damaged, try writer.bytes())
    let tool = Tool(
      "convert", damaged, "-o", folder.file("model.swt"), "--golden", input, "--golden", golden)
    #expect(tool.status == .weightsDiffer)
    #expect(tool.errors.contains("element 1 of layer2.0.bn1.running_mean is not finite"), "\(tool.errors)")
  }

  @Test func `epsilons that differ between layers are refused`() throws {
    let truth = try #require(Self.truths.first { $0.file == "basic-mixed-epsilon.whole" })
    let folder = try TemporaryFolder()
    let (state, input, golden) = try Self.files(truth, folder)
    let tool = Tool("convert", state, "-o", folder.file("model.swt"), "--golden", input, "--golden", golden)
    #expect(tool.status == .weightsDiffer)
    #expect(tool.errors.contains("passes with none of the"), "\(tool.errors)")
  }

  @Test func `conventions that make no difference to a small golden are still assumed`() throws {
    let folder = try TemporaryFolder()
    let (checkpoint, model) = (Fixture.checkpoint("resnext_small"), folder.file("model.swt"))
    let (input, output) = (folder.file("small.npy"), folder.file("logits.npy"))
    // The last stage's map has a single pixel.
    try Self.write([1, 3, 16, 16], to: input)
    Tool("convert", checkpoint, "-o", model, "--bn-eps", "0.001", "--stem", "7x7/2/3", "--pool", "3x3/2/1")
    #expect(Tool("run", model, input, "-o", output).status == .success)
    let settling = [
      "convert", checkpoint, "-o", folder.file("settled.swt"), "--golden", input, "--golden", output,
    ]
    let tool = Tool(settling + ["--json"])
    #expect(tool.status == .success, "\(tool.errors)")
    let conventions = try #require(try tool.json()["conventions"]?.array)
    func witness(_ name: String) -> String? {
      conventions.first { $0["name"]?.string == name }?["from"]?.string
    }
    #expect(witness("bn_eps") == "golden")
    #expect(witness("stem") == "golden")
    #expect(witness("dilations") == "assumed")
    let strict = Tool(settling + ["--strict", "--force"])
    #expect(strict.status == .weightsDiffer)
    #expect(strict.errors.contains("dilations"), "\(strict.errors)")
  }

  private static func path(_ truth: EvidenceTests.Truth) -> String { Fixtures.path("evidence/\(truth.file)") }

  /// The network's state dict, which states nothing, the input, and PyTorch's logits.
  private static func files(
    _ truth: EvidenceTests.Truth, _ folder: TemporaryFolder
  ) throws -> (state: String, input: String, golden: String) {
    let (state, golden) = (folder.file("state.pth"), folder.file("logits.npy"))
    #expect(Tool("convert", path(truth), "-o", state).status == .success)
    try write([1, truth.output.count], truth.output.map { Float($0) }, to: golden)
    return (state, try EvidenceTests.input(truth, folder), golden)
  }

  /// A picture of 101×98 pixels.
  private static func larger(_ truth: EvidenceTests.Truth, _ folder: TemporaryFolder) throws -> String {
    let file = folder.file("larger-input.npy")
    try write([1, truth.channels, 101, 98], to: file)
    return file
  }

  /// Writes an array, of pseudorandom values unless given.
  private static func write(_ shape: [Int], _ values: [Float]? = nil, to path: String) throws {
    let count = shape.reduce(1, *)
    let values = values ?? (0..<UInt64(count)).map { SplitMix64.unit($0) }
    let sizes = shape.map(String.init).joined(separator: ", ")
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(sizes)), }"
    let padded = header + String(repeating: " ", count: (64 - (10 + header.utf8.count + 1) % 64) % 64) + "\n"
    let start: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(padded.utf8.count), 0]
    let bytes = values.flatMap { value in
      (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
    }
    try writeFile(path, start + Array(padded.utf8) + bytes)
  }
}
