import PthReader
import SWTBytes
import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

/// `--compute`: engines in bfloat16 and 8-bit integers, and their verification.
@Suite struct ComputeTests {
  struct Variant: Sendable, CustomTestStringConvertible {
    let network: String
    let stored: String
    let compute: String
    var testDescription: String { "\(network) stored as \(stored), computed in \(compute)" }
  }

  static let variants = ["resnext_small", "resnext_deep", "resnext_headless", "resnet_basic"].flatMap {
    network in
    ["f32", "f16", "bf16", "i8"].flatMap { stored in
      ["bf16", "i8"].map { Variant(network: network, stored: stored, compute: $0) }
    }
  }

  @discardableResult
  private static func convert(_ input: String, _ model: String, _ network: String, _ stored: String) -> Tool {
    Tool(
      "convert", input, "-o", model, "--force", "--precision", stored, "--golden", Fixture.golden(network),
      "--golden", Fixture.golden(network, "odd-65x63"))
  }

  @Test(arguments: variants)
  func `verify compares reduced precision with its emulation and names the class`(variant: Variant) throws {
    let folder = try TemporaryFolder()
    let model = folder.file("m.swt")
    Self.convert(Fixture.checkpoint(variant.network), model, variant.network, variant.stored)
    let page = folder.file("report.txt")
    let verified = Tool(
      "verify", model, "--compute", variant.compute, "--json", "--format", "text=\(page)")
    #expect(verified.status == .success, "\(verified.output)\(verified.errors)")
    let report = try verified.json()
    #expect(report["compute"]?.string == variant.compute)
    #expect(report["class"]?.string == "reduced-precision")
    #expect(report["error_class"]?.string == "\(variant.compute) weights and activations")
    #expect(report["engine"]?.string?.hasPrefix("\(variant.compute), ") == true)
    for golden in try #require(report["goldens"]?.array) {
      #expect(golden["reduced_precision"]?["basis"]?.string == "emulation")
      // The report has the cost of the precision, and the error of float32 with the same weights.
      let error = try #require(golden["outputs"]?[0]?["rel_l2"]?.double)
      #expect((1e-3...1e-1).contains(error))
      let float32 = try #require(golden["float32_rel_l2"]?.double)
      #expect(variant.stored == "f32" ? float32 < 1e-5 : float32 > 1e-4)
      let stages = try #require(golden["stages"]?.array)
      let names = stages.compactMap { $0["name"]?.string }
      #expect(names.starts(with: ["conv1", "maxpool", "layer1.0"]) && names.contains("layer4.0"))
      #expect(stages.allSatisfy { $0["verdict"]?.string == "pass" })
    }
    let text = String(decoding: try readFile(page), as: UTF8.self)
    #expect(text.contains("reduced-precision: \(variant.compute) weights and activations"))
  }

  @Test(arguments: ["f32", "i8"], ["bf16", "i8"])
  func `damaged weights fail in every precision`(stored: String, compute: String) throws {
    let whole = try readFile(Fixture.checkpoint("resnext_small_legacy"))
    let checkpoint = try PthFile(path: Fixture.checkpoint("resnext_small_legacy"))
    let folder = try TemporaryFolder()
    let (damaged, model) = (folder.file("damaged.pth"), folder.file("damaged.swt"))
    func place(_ name: String) throws -> (start: Int, values: [UInt8]) {
      let values = try checkpoint.bytes(name)
      return (try #require(DamageTests.place(of: values, in: whole)), values)
    }
    func verify(_ bytes: [UInt8], _ what: String) throws {
      try writeFile(damaged, bytes)
      Self.convert(damaged, model, "resnext_small", stored)
      let report = try Tool("verify", model, "--compute", compute, "--json").json()
      #expect(report["class"]?.string == "wrong", "\(what)")
      #expect(report["goldens"]?[0]?["outputs"]?[0]?["verdict"]?.string == "fail", "\(what)")
    }
    for name in [
      "conv1", "layer1.0.conv2", "layer2.0.conv1", "layer3.0.downsample.0", "layer4.0.conv3", "fc",
    ] {
      let (start, values) = try place("\(name).weight")
      var bytes = whole
      for i in stride(from: 3, to: values.count, by: 4) { bytes[start + i] ^= 0x80 }
      try verify(bytes, name)
    }
    for name in ["layer1.0.bn1", "layer2.0.bn2", "layer4.0.bn3"] {
      let (weight, variance) = (try place("\(name).weight"), try place("\(name).running_var"))
      var bytes = whole
      bytes.replaceSubrange(weight.start..<weight.start + weight.values.count, with: variance.values)
      bytes.replaceSubrange(variance.start..<variance.start + variance.values.count, with: weight.values)
      try verify(bytes, name)
    }
  }

  @Test func `a bound that is too tight for the precision is a failure`() throws {
    let folder = try TemporaryFolder()
    let model = folder.file("m.swt")
    Self.convert(Fixture.checkpoint("resnext_small"), model, "resnext_small", "i8")
    let verified = Tool("verify", model, "--compute", "i8", "--k", "0.5", "--json")
    #expect(verified.status == .verificationFailed)
    #expect(Tool("verify", model, "--compute", "i4").status == .usage)
  }

  @Test(arguments: ["bf16", "i8", "double"])
  func `run computes in the requested precision`(compute: String) throws {
    let folder = try TemporaryFolder()
    let (model, input) = (folder.file("m.swt"), folder.file("x.npy"))
    Self.convert(Fixture.checkpoint("resnext_small"), model, "resnext_small", "f32")
    let golden = try SafetensorsFile(FileSource(path: Fixture.golden("resnext_small")))
    let entry = try #require(golden["input"])
    try writeFile(input, NpyFile.bytes(golden.data(of: entry)))
    func run(_ options: [String]) throws -> [Float] {
      let output = folder.file("y.safetensors")
      let ran = Tool(
        ["run", model, input, "-o", output, "--force", "--taps", "layer1.0.conv1,layer1.0.conv3"] + options)
      #expect(ran.status == .success, "\(ran.errors)")
      let file = try SafetensorsFile(FileSource(path: output))
      #expect(file.tensors.map(\.name).sorted() == ["layer1.0.conv1", "layer1.0.conv3", "logits"])
      return try file.floats(of: #require(file["logits"]))
    }
    let exact = try run(["--engine", "reference"])
    let values = try run(["--compute", compute])
    var (squares, norm): (Float, Float) = (0, 0)
    for (value, exact) in zip(values, exact) {
      squares += (value - exact) * (value - exact)
      norm += exact * exact
    }
    let error = (squares / norm).squareRoot()
    #expect(compute == "double" ? error == 0 : (1e-3...1e-1).contains(error), "\(error)")
    let json = try Tool(
      "run", model, input, "-o", folder.file("z.npy"), "--compute", compute, "--json"
    ).json()
    #expect(json["compute"]?.string == compute)
  }
}
