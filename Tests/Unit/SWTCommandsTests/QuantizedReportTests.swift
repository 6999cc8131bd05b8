import SWTBytes
import SWTCommands
internal import SWTConsole
import SWTGoldens
import SWTTensorFiles
import SWTTensors
import TestSupport
import Testing

/// What inspect, diff, check, run and judge say of networks of integers.
@Suite struct QuantizedReportTests {
  // MARK: inspect

  @Test(arguments: [true, false])
  func `inspect shows the scale and zero point of every layer`(isConverted: Bool) throws {
    let model = try QuantizedTests.Converted("basic.pth", "--golden", QuantizedVerifyTests.golden)
    let file = isConverted ? model.file : QuantizedTests.path("basic.pth")
    let report = try Tool("inspect", file, "--json").json()
    let quantized = try #require(report["quantized"])
    #expect(quantized["engine"]?.string == (isConverted ? "fbgemm" : nil))
    let layers = quantized["layers"]?.array ?? []
    #expect(layers.first?["name"]?.string == "quant")
    #expect(layers.last?["name"]?.string == "fc")
    #expect(layers.contains { $0["name"]?.string == "layer2.1.add_relu" })
    for layer in layers {
      #expect(layer["scale"]?.double ?? 0 > 0)
      #expect((0...255).contains(layer["zero_point"]?.double ?? -1))
      let name = layer["name"]?.string ?? ""
      let hasWeight = name != "quant" && !name.hasSuffix("add_relu")
      #expect((layer["weight"]?.string != nil) == hasWeight)
      // qnnpack's weights are quantized per tensor.
      #expect(layer["weight_scales"]?.array?.count == (hasWeight ? 1 : 0))
    }
    let text = Tool("inspect", file, "--tensors").output
    #expect(text.contains("int8 weights, one scale per tensor; uint8 activations"))
    #expect(text.contains("scales and zero points"))
    // Scales of outputs are not parameters.
    let input = Tool("inspect", file).output.split(separator: "\n").first { $0.hasPrefix("  quant  ") }
    #expect(input?.split(separator: " ").prefix(2) == ["quant", "0"])
    let page = Tool("inspect", file, "--html").output
    #expect(page.contains("Scales and zero points"))
  }

  @Test func `a float network is not shown as quantized`() throws {
    let report = try Tool("inspect", Fixture.checkpoint("resnext_small"), "--json").json()
    #expect(report["quantized"]?.isNull == true)
  }

  @Test func `the scales of a weight have a row with their own name`() throws {
    let folder = try TemporaryFolder()
    Tool("convert", Fixture.checkpoint("resnext_small"), "-o", folder.file("m.swt"), "--precision", "i8")
    let rows = Tool("inspect", folder.file("m.swt"), "--depth", "9").output.split(separator: "\n")
    let labels = rows.compactMap { $0.split(separator: " ").first }
    #expect(labels.contains("weight.scale"))
    #expect(rows.contains { $0.contains(" weight ") && $0.contains("int8 [") })
    // No two neighbors have the same name.
    for (a, b) in zip(labels, labels.dropFirst()) where a == "weight" { #expect(b != "weight") }
  }

  // MARK: diff

  @Test func `a conversion keeps integers, scales and zero points`() throws {
    for network in QuantizedTests.networks {
      let model = try QuantizedTests.Converted("\(network).pth")
      let report = try Tool("diff", QuantizedTests.path("\(network).pth"), model.file, "--json").json()
      #expect(report["verdict"]?.string == "same")
      let pairs = report["tensors"]?.array ?? []
      #expect(pairs.allSatisfy { $0["verdict"]?.string == "identical" })
      for name in ["conv1.scale", "fc.zero_point", "conv1.weight.scale", "quant.scale"] {
        #expect(pairs.contains { $0["name"]?.string == name })
      }
    }
  }

  /// A byte of each kind of number.
  static let changes = [
    "layer2.0.conv2.weight", "layer2.0.conv2.weight.scale", "layer2.0.conv2.scale",
    "layer2.0.conv2.zero_point", "layer1.0.add_relu.scale", "quant.zero_point", "fc.scale",
  ]

  @Test(arguments: changes)
  func `a number that differs is a difference`(name: String) throws {
    let model = try QuantizedTests.Converted("basic.pth")
    var forgery = Forgery(try readFile(model.file))
    let place = try forgery.data(name)
    forgery.put(forgery.number(place.lowerBound, 1) ^ 1, 1, at: place.lowerBound)
    try forgery.mendData(of: name)
    let changed = model.folder.file("changed.swt")
    try writeFile(changed, forgery.mended)
    for pair in [[model.file, changed], [QuantizedTests.path("basic.pth"), changed]] {
      let report = Tool("diff", pair[0], pair[1], "--json")
      #expect(report.status == .verificationFailed)
      let differing = try report.json()["tensors"]?.array?.filter { $0["verdict"]?.string == "values" }
      #expect(differing?.contains { $0["name"]?.string == name } == true)
    }
  }

  /// float32 rounds the exact products once.
  @Test func `a dequantized network has the values and not the scales`() throws {
    let integers = try QuantizedTests.Converted("basic.pth")
    let floats = try QuantizedTests.Converted("basic.pth", "--dequantize")
    let report = try Tool("diff", integers.file, floats.file, "--json").json()
    #expect(report["scales_left_out"]?.array?.first?.int ?? 0 > 20)
    #expect(report["missing"]?.array?.isEmpty == true && report["extra"]?.array?.isEmpty == true)
    for tensor in report["tensors"]?.array ?? [] {
      #expect(tensor["rel_l2"]?.double ?? 1 <= 0x1p-24, "\(tensor["name"]?.string ?? "")")
    }
  }

  @Test func `two engines are told apart`() throws {
    let plain = try QuantizedTests.Converted("basic.pth")
    let stated = try QuantizedTests.Converted("basic.pth", "--golden", QuantizedVerifyTests.golden)
    let compared = Tool("diff", plain.file, stated.file)
    #expect(compared.output.contains("quantized engine: none → fbgemm"))
  }

  // MARK: check, convert

  @Test func `check says what the network is`() throws {
    let model = try QuantizedTests.Converted("bottleneck.pth")
    #expect(Tool("check", model.file).output.contains("int8 weights, one scale per filter"))
    let report = try Tool("check", model.file, "--json").json()
    #expect(report["quantized"]?["layers"]?.array?.count ?? 0 > 20)
  }

  @Test func `no epsilon is assumed where no BatchNorm is left`() throws {
    let folder = try TemporaryFolder()
    let report = try Tool(
      "convert", QuantizedTests.path("basic.pth"), "-o", folder.file("m.swt"), "--json"
    ).json()
    let epsilon = report["conventions"]?.array?.first { $0["name"]?.string == "bn_eps" }
    #expect(epsilon?["from"]?.string == "file")
    #expect(epsilon?["value"]?.isNull == true)
    let refused = Tool(
      "convert", QuantizedTests.path("basic.pth"), "-o", folder.file("s.swt"), "--strict")
    #expect(refused.status == .weightsDiffer)
    #expect(!refused.errors.contains("bn_eps"))
    #expect(refused.errors.contains("dilations"))
  }

  @Test func `a network that was only fused converts as the float network that it is`() throws {
    let folder = try TemporaryFolder()
    let (source, file) = (QuantizedTests.path("fused.pth"), folder.file("fused.swt"))
    let converted = Tool("convert", source, "-o", file)
    #expect(converted.status == .success, "\(converted.errors)")
    #expect(Tool("diff", source, file).status == .success)
    #expect(Tool("verify", file, "--source", source, "--level", "weights").status == .success)
    let truth = try #require(JSONValue.parse(readFile(Fixtures.path("quantized/truth.json")))["fused"])
    let formula = try InputFormula(truth["input"]?.string ?? "")
    let image = folder.file("input.npy")
    try writeFile(image, try NpyFile.bytes(TensorData(shape: formula.shape, floats: formula.floats())))
    let ran = Tool("run", file, image, "-o", folder.file("logits.npy"), "--engine", "reference")
    #expect(ran.status == .success, "\(ran.errors)")
    let found = try NpyFile.read(FileSource(path: folder.file("logits.npy"))).floats()
    let expected = (truth["logits"]?.array ?? []).compactMap { $0.string.flatMap(Double.init) }
    #expect(found.count == expected.count && expected.count == 10)
    for (a, b) in zip(found, expected) { #expect(abs(Double(a) - b) < 2e-6 * max(1, abs(b))) }
  }

  // MARK: run

  @Test(arguments: ["npz", "safetensors"])
  func `taps are written as the integers that they are`(form: String) throws {
    let model = try QuantizedTests.Converted("basic.pth")
    let formula = try InputFormula("multiscale-1 seed=0 shape=1,3,64,64")
    let (image, output) = (model.folder.file("input.npy"), model.folder.file("taps.\(form)"))
    try writeFile(image, try NpyFile.bytes(TensorData(shape: formula.shape, floats: formula.floats())))
    let names = ["conv1", "maxpool", "layer1.0.conv2", "layer2.0", "avgpool", "fc"]
    let ran = Tool(
      "run", model.file, image, "-o", output, "--taps", names.joined(separator: ","), "--json")
    #expect(ran.status == .success, "\(ran.errors)")
    let layers = try Tool("inspect", model.file, "--json").json()["quantized"]?["layers"]?.array ?? []
    func numbers(_ module: String) -> JSONValue? { layers.first { $0["name"]?.string == module } }
    // Pools keep the numbers of their input.
    let owners = [
      "conv1": "conv1", "maxpool": "conv1", "layer1.0.conv2": "layer1.0.conv2",
      "layer2.0": "layer2.0.add_relu", "avgpool": "layer4.0.add_relu", "fc": "fc",
    ]
    let arrays = try ran.json()["arrays"]?.array ?? []
    #expect(arrays.first?["dtype"]?.string == "float32")
    for name in names {
      let array = arrays.first { $0["name"]?.string == name }
      #expect(array?["dtype"]?.string == "uint8")
      let owner = numbers(owners[name] ?? "")
      #expect(array?["scale"]?.double.map { Float($0) } == owner?["scale"]?.double.map { Float($0) })
      #expect(array?["zero_point"]?.double == owner?["zero_point"]?.double)
    }
    let text = Tool("run", model.file, image, "-o", output, "--taps", "conv1", "--force").output
    #expect(text.contains("uint8, scale ") && text.contains("zero point"))
  }

  // MARK: judge

  /// The outputs of an engine for the golden's input.
  private func outputs(_ model: QuantizedTests.Converted, _ engine: String) throws -> String {
    let exported = model.folder.file("exported")
    #expect(Tool("golden", "export", QuantizedVerifyTests.golden, "-o", exported).status == .success)
    let image = "\(exported)/input.npy"
    let output = model.folder.file("\(engine).npz")
    let ran = Tool(
      "run", model.file, image, "-o", output, "--taps", "conv1,layer2.0,avgpool", "--quantized-engine", engine
    )
    #expect(ran.status == .success, "\(ran.errors)")
    return output
  }

  @Test func `an engine with the golden's integers is bit-exact`() throws {
    let model = try QuantizedTests.Converted("basic.pth")
    let judged = Tool(
      "judge", model.file, QuantizedVerifyTests.golden, "--outputs", try outputs(model, "fbgemm"), "--format",
      "json")
    #expect(judged.status == .success, "\(judged.errors)")
    let report = try judged.json()
    #expect(report["class"]?.string == "bit-exact")
    #expect(report["model_agrees"]?.bool == true)
    #expect(report["matched"]?.array?.count == 4)
  }

  /// With this network and input PyTorch's x86 and onednn give the logits and taps of fbgemm.
  @Test(arguments: ["qnnpack"])
  func `another rounding is named, and is 8-bit numerics`(engine: String) throws {
    let model = try QuantizedTests.Converted("basic.pth")
    let file = try outputs(model, engine)
    let arguments = ["judge", model.file, QuantizedVerifyTests.golden, "--outputs", file, "--format", "json"]
    let judged = Tool(arguments)
    #expect(judged.status == .verificationFailed)
    let report = try judged.json()
    #expect(report["class"]?.string == "i8")
    let golden = report["goldens"]?.array?.first
    #expect(golden?["cause"]?["id"]?.string == "quantized-engine")
    #expect(golden?["cause"]?["text"]?.string?.contains("these are qnnpack's integers") == true)
    #expect(golden?["first_divergence"]?["block"]?.string != nil)
    #expect(Tool(arguments + ["--expect", "i8"]).status == .success)
  }

  @Test func `other logits are wrong, whatever precision was meant`() throws {
    let model = try QuantizedTests.Converted("basic.pth")
    let wrong = model.folder.file("wrong.npy")
    try writeFile(
      wrong, try NpyFile.bytes(TensorData(shape: [1, 10], floats: (0..<10).map { Float($0 * $0) - 40 })))
    for expected in ["f32", "i8"] {
      let judged = Tool(
        "judge", model.file, QuantizedVerifyTests.golden, "--outputs", wrong, "--expect", expected,
        "--format",
        "json")
      #expect(judged.status == .verificationFailed)
      #expect(try judged.json()["class"]?.string == "wrong")
    }
  }

  // MARK: safetensors

  @Test(arguments: QuantizedTests.networks)
  func `safetensors have PyTorch's names, integers, scales and zero points`(network: String) throws {
    let folder = try TemporaryFolder()
    let output = folder.file("m.safetensors")
    let converted = Tool("convert", QuantizedTests.path("\(network).pth"), "-o", output)
    #expect(converted.status == .success, "\(converted.errors)")
    let arrays = try SafetensorsFile(FileSource(path: output))
    let source = try Tool("inspect", QuantizedTests.path("\(network).pth"), "--hash", "--json").json()
    var digests: [String: String] = [:]
    for tensor in try Tool("inspect", output, "--hash", "--json").json()["tensors"]?.array ?? [] {
      digests[tensor["name"]?.string ?? ""] = tensor["sha256"]?.string
    }
    for tensor in source["tensors"]?.array ?? [] {
      let name = tensor["name"]?.string ?? ""
      let plain = name.replacing("fc._packed_params._packed_params.0", with: "fc.weight")
        .replacing("fc._packed_params._packed_params.1", with: "fc.bias")
      #expect(digests[plain] == tensor["sha256"]?.string, "\(name)")
      guard tensor["quantizer"] != nil, tensor["dtype"]?.string == "qint8" else { continue }
      #expect(arrays[plain]?.type.rawValue == "int8")
      #expect(arrays["\(plain).scale"] != nil)
    }
  }
}
