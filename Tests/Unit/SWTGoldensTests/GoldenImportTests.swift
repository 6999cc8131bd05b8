import ResNetArchitecture
import SWTBytes
import SWTGoldens
import SWTTensorFiles
import SWTTensors
import TestSupport
import Testing

/// Forward passes recorded by other programs; NumPy, PyTorch, safetensors and ONNX wrote the files.
@Suite struct GoldenImportTests {
  struct Form: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let files: [String]
    var taps = 0
    var paths: [String] { files.map { Fixtures.path("imports/\($0)") } }
  }

  static let forms = [
    Form(testDescription: "a pair of .npy", files: ["x.npy", "y.npy"]),
    Form(testDescription: ".npz by name", files: ["pair.npz"]),
    Form(testDescription: ".npz by order, deflated", files: ["positional.npz"]),
    Form(testDescription: "a PyTorch file", files: ["pair.pt"]),
    Form(testDescription: "timm's test tensors", files: ["timm.safetensors"], taps: 2),
    Form(testDescription: "ONNX, raw", files: ["onnx/test_data_set_0"]),
    Form(testDescription: "ONNX, typed", files: ["onnx/test_data_set_1/"]),
  ]

  static let small = Architecture(
    block: .bottleneck, layers: [1, 1, 1, 1], groups: 8, widthPerGroup: 32, classCount: 10, basePlanes: 8)

  private static func read(_ paths: [String]) throws(GoldenReadFailure) -> [Golden] {
    try GoldenReader.read(paths, for: small).map(\.golden)
  }

  @Test(arguments: forms)
  func `every form is the same forward pass`(form: Form) throws {
    let golden = try #require(try Self.read(form.paths).first)
    let input = try NpyFile.read(FileSource(path: Fixtures.path("imports/x.npy")))
    let output = try NpyFile.read(FileSource(path: Fixtures.path("imports/y.npy")))
    #expect(golden.input.floats() == (try input.floats()))
    #expect(golden.output.reference == (try output.doubles()))
    #expect(golden.kind == "imported")
    #expect(golden.floors.free.isEmpty && golden.digests.isEmpty)
    #expect(golden.output.isFloat32Only)
    #expect(golden.taps.count == form.taps)
    // An imported golden is a golden like any other.
    #expect(try GoldenFile.read(MemorySource(golden.fileBytes())) == golden)
  }

  @Test func `a folder of test data sets gives all of them`() throws {
    let goldens = try Self.read([Fixtures.path("imports/onnx")])
    #expect(goldens.map(\.name) == ["test_data_set_0", "test_data_set_1"])
  }

  @Test func `timm's features are those of the last block, and its pre-logits are pooled`() throws {
    let golden = try #require(try Self.read([Fixtures.path("imports/timm.safetensors")]).first)
    #expect(golden.taps.map(\.name) == ["layer4.0", "avgpool"])
  }

  static let singles = ["pair.npz", "positional.npz", "pair.pt", "timm.safetensors", "x.npy"]

  /// The golden of these bytes, read in place of a file of the form.
  private static func read(_ bytes: [UInt8], as name: String) throws {
    let file = try TemporaryFile(bytes)
    _ = try read(name == "x.npy" ? [file.path, Fixtures.path("imports/y.npy")] : [file.path])
  }

  @Test(arguments: singles)
  func `a truncated file is unusable`(name: String) throws {
    let bytes = try readFile(Fixtures.path("imports/\(name)"))
    for length in 0..<bytes.count where length < 200 || length % 7 == 0 || length > bytes.count - 100 {
      #expect(throws: GoldenReadFailure.self, "\(length) bytes") {
        try Self.read(Array(bytes[..<length]), as: name)
      }
    }
  }

  @Test(arguments: singles)
  func `a flipped bit gives an error or a golden`(name: String) throws {
    let bytes = try readFile(Fixtures.path("imports/\(name)"))
    for place in stride(from: 0, to: bytes.count, by: 3) {
      var damaged = bytes
      damaged[place] ^= 1 << UInt8(place % 8)
      do {
        try Self.read(damaged, as: name)
      } catch is GoldenReadFailure {
        continue
      }
    }
  }

  @Test func `damaged test data are unusable`() throws {
    let folder = try TemporaryFolder()
    let input = try readFile(Fixtures.path("imports/onnx/test_data_set_1/input_0.pb"))
    let output = try readFile(Fixtures.path("imports/onnx/test_data_set_1/output_0.pb"))
    try writeFile(folder.file("output_0.pb"), output)
    #expect(throws: GoldenReadFailure.self) { try Self.read([folder.path]) }
    for length in stride(from: 0, to: input.count, by: 5) {
      try writeFile(folder.file("input_0.pb"), Array(input[..<length]))
      #expect(throws: GoldenReadFailure.self, "\(length)") { try Self.read([folder.path]) }
    }
    try writeFile(folder.file("input_0.pb"), input)
    #expect(try Self.read([folder.path]).count == 1)
    try writeFile(folder.file("input_1.pb"), input)
    #expect(throws: GoldenReadFailure.self) { try Self.read([folder.path]) }
  }

  // MARK: Arrays that are not a golden of the network

  private static func text(_ arrays: [(String, TensorData)]) throws -> String {
    var bytes: [UInt8] = []
    try NpzFile.write(arrays.map { (name: $0.0, data: $0.1) }) { bytes += $0 }
    let file = try TemporaryFile(bytes)
    do throws(GoldenReadFailure) {
      _ = try read([file.path])
      return ""
    } catch {
      return error.text
    }
  }

  private static func zeros(_ shape: [Int]) -> TensorData {
    TensorData(shape: shape, floats: (0..<shape.reduce(1, *)).map { Float($0 % 7) - 3 })
  }

  @Test func `arrays that are not a forward pass of the network are refused with the reason`() throws {
    let (x, y) = (Self.zeros([1, 3, 8, 8]), Self.zeros([1, 10]))
    #expect(try Self.text([("a", x), ("b", y)]).isEmpty)
    #expect(try Self.text([("b", y), ("a", x)]).isEmpty, "the array shaped like images is the input")
    #expect(try Self.text([("whatever", y), ("x", x)]).isEmpty)
    #expect(try Self.text([("x", Self.zeros([3, 8, 8])), ("y", Self.zeros([10]))]).isEmpty, "no batch")
    #expect(try Self.text([("x", x)]).contains("its 1 arrays (x) are not an input and an output"))
    #expect(try Self.text([("a", x), ("b", y), ("c", y)]).contains("name them input and logits"))
    #expect(try Self.text([("x", Self.zeros([1, 8, 8, 3])), ("y", y)]).contains("expected [N, 3, H, W]"))
    #expect(try Self.text([("x", x), ("y", Self.zeros([1, 11]))]).contains("[1, 11]"))
    #expect(try Self.text([("x", x), ("y", Self.zeros([2, 10]))]).contains("[2, 10]"))
    let probabilities = TensorData(shape: [1, 10], floats: [Float](repeating: 0.1, count: 10))
    #expect(try Self.text([("x", x), ("y", probabilities)]).contains("probabilities"))
    let half = try TensorData(type: .float16, shape: [1, 10], bytes: [UInt8](repeating: 0x3C, count: 20))
    #expect(try Self.text([("x", x), ("y", half)]).contains("too coarse"))
    let wrong = TensorData(shape: [1, 10], floats: [.nan] + [Float](repeating: 1, count: 9))
    #expect(try Self.text([("x", x), ("y", wrong)]).contains("not finite"))
  }

  @Test func `named layers are compared too`() throws {
    let (x, y) = (Self.zeros([1, 3, 8, 8]), Self.zeros([1, 10]))
    var bytes: [UInt8] = []
    try NpzFile.write([
      (name: "input", data: x), (name: "conv1", data: Self.zeros([1, 8, 4, 4])), (name: "logits", data: y),
    ]) { bytes += $0 }
    let file = try TemporaryFile(bytes, name: "taps.npz")
    let golden = try #require(try Self.read([file.path]).first)
    #expect(golden.taps.map(\.name) == ["conv1"])
    #expect(golden.name == "taps")
  }

  @Test func `a single .npy file and a missing file are reported`() {
    let failure = #expect(throws: GoldenReadFailure.self) { try Self.read([Fixtures.path("imports/x.npy")]) }
    #expect(failure?.text.contains("its output must follow") == true)
    let missing = #expect(throws: GoldenReadFailure.self) { try Self.read(["/nowhere.npz"]) }
    #expect(missing?.isMissing == true)
  }
}
