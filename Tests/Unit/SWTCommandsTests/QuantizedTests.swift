import SWTBytes
import SWTChecksums
import SWTCommands
internal import SWTConsole
import SWTDigests
import SWTGoldens
import SWTTensorFiles
import SWTTensors
import TestSupport
import Testing

/// Quantized networks: their integers are PyTorch's, on each of its engines.
@Suite struct QuantizedTests {
  static let networks = ["bottleneck", "basic"]
  static let engines = ["fbgemm", "x86", "onednn", "qnnpack"]

  static func path(_ name: String) -> String { Fixtures.path("quantized/\(name).gz") }

  static func truth(_ network: String) throws -> JSONValue {
    try #require(JSONValue.parse(readFile(Fixtures.path("quantized/truth.json")))[network])
  }

  /// A fixture, converted.
  struct Converted {
    let folder: TemporaryFolder
    let file: String

    init(_ name: String, _ options: String...) throws {
      folder = try TemporaryFolder()
      file = folder.file("model.swt")
      let converted = Tool(["convert", QuantizedTests.path(name), "-o", file] + options)
      #expect(converted.status == .success, "\(converted.errors)")
    }

    /// The arrays of a run, by name.
    func run(_ input: InputFormula, _ options: [String]) throws -> [String: [Float]] {
      let image = folder.file("input.safetensors")
      var bytes: [UInt8] = []
      let data = TensorData(shape: input.shape, floats: input.floats())
      try SafetensorsWriter(
        metadata: OrderedStrings([]), tensors: [.init(name: "input", data)], order: .given
      )
      .write { bytes += $0 }
      try writeFile(image, bytes)
      let output = folder.file("output.safetensors")
      let tool = Tool(["run", file, image, "-o", output, "--force"] + options)
      #expect(tool.status == .success, "\(tool.errors)")
      let arrays = try SafetensorsFile(MemorySource(readFile(output)))
      var found: [String: [Float]] = [:]
      for entry in arrays.tensors {
        found[entry.name] = try ElementCoding.doubles(arrays.bytes(of: entry), entry.type).map { Float($0) }
      }
      return found
    }
  }

  @Test(arguments: networks, engines)
  func `every layer's integers are PyTorch's`(network: String, engine: String) throws {
    let model = try Converted("\(network).pth")
    let truth = try Self.truth(network)
    let runs = try #require(truth[engine]?.array)
    for (formula, expected) in zip(truth["inputs"]?.array ?? [], runs) {
      let input = try InputFormula(formula.string ?? "")
      let layers = expected["layers"]?.members ?? []
      #expect(layers.count > 15)
      let found = try model.run(
        input,
        ["--taps", layers.map(\.key).joined(separator: ","), "--quantized-engine", engine])
      for layer in layers {
        let integers = (found[layer.key] ?? []).map { UInt8($0) }
        #expect(SystemDigests().sha256(integers).hex == layer.value.string, "\(layer.key)")
      }
      let logits = (expected["logits"]?.array ?? []).compactMap { $0.string.flatMap(Double.init) }
      #expect(found["logits"]?.map(\.bitPattern) == logits.map { Float($0).bitPattern })
    }
  }

  @Test(arguments: ["portable", "avx2", "avx512", "amx", "amx-emulated"])
  func `every instruction set gives the same bits`(isa: String) throws {
    let model = try Converted("bottleneck.pth")
    let truth = try Self.truth("bottleneck")
    let input = try InputFormula(truth["inputs"]?.array?.last?.string ?? "")
    for engine in Self.engines {
      let options = ["--quantized-engine", engine, "--threads", "1"]
      guard Tool(["run", model.file, "-", "--isa", isa]).errors.contains("cannot run") == false else {
        return
      }
      let expected = truth[engine]?.array?.last?["logits"]?.array?.compactMap {
        $0.string.flatMap(Double.init)
      }
      #expect(try model.run(input, options + ["--isa", isa])["logits"]?.map(Double.init) == expected)
    }
  }

  /// A traced module has the numbers of its sums and of its classifier in its code.
  @Test(arguments: ["bottleneck.module.pth", "bottleneck.script.pt", "basic.trace.pt"])
  func `a module saved whole and TorchScript have the same tensors`(name: String) throws {
    let plain = try Converted(name.hasPrefix("basic") ? "basic.pth" : "bottleneck.pth")
    let other = try Converted(name)
    #expect(Tool("diff", plain.file, other.file).status == .success)
    #expect(Tool("verify", other.file, "--source", Self.path(name), "--level", "weights").status == .success)
  }

  /// Of torchvision's plain networks and of its quantizable ones.
  @Test(arguments: ["_relu", ""])
  func `a state dict of FX graph mode is the same network`(sum: String) throws {
    let folder = try TemporaryFolder()
    var dict = try QuantizedStateDict()
    try writeFile(folder.file("eager.pth"), dict.bytes)
    for (index, item) in dict.values.enumerated() {
      let words = item.name.split(separator: ".").map(String.init)
      let isSum = words.contains("add_relu")
      guard isSum || words[0] == "quant" else { continue }
      let node = isSum ? "\(words[0])_\(words[1])\(sum)" : "conv1_input"
      dict.values[index].name = "\(node)_\(words[words.count - 1])_0"
    }
    #expect(dict["layer1_0\(sum)_scale_0"] != nil && dict["conv1_input_zero_point_0"] != nil)
    try writeFile(folder.file("graph.pth"), dict.bytes)
    for name in ["eager", "graph"] {
      let converted = Tool("convert", folder.file("\(name).pth"), "-o", folder.file("\(name).swt"))
      #expect(converted.status == .success, "\(converted.errors)")
    }
    let compared = Tool("diff", folder.file("eager.swt"), folder.file("graph.swt"))
    #expect(compared.status == .success, "\(compared.output)")
    dict["layer1_0\(sum)_scale_1"] = .floats([0.5], shape: [])
    dict["layer1_0\(sum)_zero_point_1"] = .integers([3], shape: [])
    try writeFile(folder.file("two.pth"), dict.bytes)
    let refused = Tool("convert", folder.file("two.pth"), "-o", folder.file("two.swt"))
    #expect(refused.status == .weightsDiffer)
    #expect(refused.errors.contains("layer1.0 has several sums"), "\(refused.errors)")
  }

  @Test(arguments: networks)
  func `dequantized weights are PyTorch's`(network: String) throws {
    let model = try Converted("\(network).pth", "--dequantize")
    var found: [String: String] = [:]
    let report = try Tool("inspect", model.file, "--hash", "--json").json()
    for tensor in report["tensors"]?.array ?? [] {
      found[tensor["name"]?.string ?? ""] = tensor["sha256"]?.string
    }
    let weights = try #require(Self.truth(network)["dequantized"]?.members)
    #expect(weights.count > 9)
    for weight in weights { #expect(found[weight.key] == weight.value.string, "\(weight.key)") }
    let source = Self.path("\(network).pth")
    #expect(Tool("verify", model.file, "--source", source, "--level", "weights").status == .success)
  }

  @Test func `the same input gives the same bytes, and the file is what its source makes`() throws {
    let (first, second) = (try Converted("basic.pth"), try Converted("basic.pth"))
    #expect(try readFile(first.file) == readFile(second.file))
    let source = Self.path("basic.pth")
    let verified = Tool("verify", first.file, "--source", source, "--level", "weights")
    #expect(verified.status == .success, "\(verified.output)\(verified.errors)")
    #expect(Tool("check", first.file).status == .success)
  }

  @Test func `a network that is only prepared is refused by that name`() {
    let refused = Tool("convert", Self.path("prepared.pth"), "-o", "/nowhere/x.swt")
    #expect(refused.status == .weightsDiffer)
    #expect(refused.errors.contains("is an observer: the network is only prepared for quantization"))
    #expect(refused.errors.contains("torch.ao.quantization.convert"))
  }

  @Test func `another precision needs real numbers`() throws {
    let folder = try TemporaryFolder()
    let source = Self.path("basic.pth")
    let refused = Tool("convert", source, "-o", folder.file("x.swt"), "--precision", "f16")
    #expect(refused.status == .weightsDiffer)
    #expect(refused.errors.contains("dequantize"))
    let half = Tool("convert", source, "-o", folder.file("x.swt"), "--precision", "f16", "--dequantize")
    #expect(half.status == .success, "\(half.errors)")
  }

  @Test func `only the integer engine computes integers`() throws {
    let model = try Converted("basic.pth")
    let image = model.folder.file("input.safetensors")
    let input = try InputFormula("multiscale-1 seed=0 shape=1,3,64,64")
    _ = try model.run(input, [])
    for option in [["--compute", "bf16"], ["--engine", "reference"]] {
      let refused = Tool(["run", model.file, image, "-o", model.folder.file("y.npy")] + option)
      #expect(refused.status == .weightsDiffer, "\(refused.errors)")
      #expect(refused.errors.contains("quantized"))
    }
    let unknown = Tool(
      "run", model.file, image, "-o", model.folder.file("y.npy"), "--quantized-engine", "avx")
    #expect(unknown.status == .usage)
  }
}
