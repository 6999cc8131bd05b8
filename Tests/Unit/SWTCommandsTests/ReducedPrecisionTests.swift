import SWTBytes
import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

/// Folding, casting and quantizing, compared with numpy's and PyTorch's results, and their verification.
@Suite struct ReducedPrecisionTests {
  struct Variant: Sendable, CustomTestStringConvertible {
    let network: String
    let fold: Bool
    let precision: String?

    /// The name in the truth.
    var key: String { [fold ? "fold-bn" : nil, precision].compactMap(\.self).joined(separator: " ") }
    var testDescription: String { "\(network) \(key)" }

    /// No layer is kept wide, so the result does not depend on what pays.
    var options: [String] {
      (fold ? ["--fold-bn"] : []) + (precision.map { ["--precision", $0] } ?? [])
        + (precision == "i8" ? ["--keep-wide", "none"] : [])
    }

    var isReduced: Bool { precision != nil }
  }

  static let variants: [Variant] = ["resnext_small", "resnet_basic"].flatMap { network in
    [false, true].flatMap { fold in
      ([nil, "f16", "bf16", "i8"] as [String?]).filter { fold || $0 != nil }.map {
        Variant(network: network, fold: fold, precision: $0)
      }
    }
  }

  private static func digests(_ path: String) throws -> [String: String] {
    let tensors = try Tool("inspect", path, "--hash", "--json").json()["tensors"]?.array ?? []
    return Dictionary(
      tensors.map { ($0["name"]?.string ?? "", $0["sha256"]?.string ?? "") }, uniquingKeysWith: { a, _ in a })
  }

  @Test(arguments: variants)
  func `values are folded and rounded as numpy does it, bit for bit`(variant: Variant) throws {
    let folder = try TemporaryFolder()
    let model = folder.file("m.swt")
    let converted = Tool(["convert", Fixture.checkpoint(variant.network), "-o", model] + variant.options)
    #expect(converted.status == .success, "\(converted.errors)")
    let truth = try JSONValue.parse(readFile(Fixtures.path("truth/reduced.json")))
    let expected = try #require(truth["networks"]?[variant.network]?[variant.key])
    let digests = try Self.digests(model)
    #expect(digests.count == expected["count"]?.int)
    let changed = try #require(expected["sha256"]?.members)
    #expect(changed.count > 10)
    for member in changed {
      #expect(digests[member.key]?.prefix(16) == member.value.string.map { $0.prefix(16) }, "\(member.key)")
    }
    #expect(Tool("check", model).status == .success)
  }

  @Test(arguments: variants)
  func `verify reports the cost of the precision, and compares the values with the source`(variant: Variant)
    throws
  {
    let folder = try TemporaryFolder()
    let model = folder.file("m.swt")
    Tool(
      ["convert", Fixture.checkpoint(variant.network), "-o", model] + variant.options + [
        "--golden", Fixture.golden(variant.network), "--golden", Fixture.golden(variant.network, "odd-65x63"),
      ])
    for source in [[], ["--source", Fixture.checkpoint(variant.network)]] {
      let verified = Tool(["verify", model, "--json"] + source)
      #expect(verified.status == .success, "\(verified.output)")
      let report = try verified.json()
      #expect(report["class"]?.string == (variant.isReduced ? "reduced-precision" : "fp32"))
      #expect(report["stored"]?["precision"]?.string == variant.precision ?? "f32")
      let golden = try #require(report["goldens"]?[0])
      let basis = source.isEmpty ? "receipts" : "source"
      #expect(golden["reduced_precision"]?["basis"]?.string == (variant.isReduced ? basis : nil))
      // The report has the cost, which is typical of the precision.
      let error = try #require(golden["outputs"]?[0]?["rel_l2"]?.double)
      let range =
        ["f16": 1e-4...5e-3, "bf16": 1e-3...4e-2, "i8": 5e-3...1e-1][variant.precision ?? ""] ?? 0...1e-5
      #expect(range.contains(error), "\(error)")
    }
    // Another file with the same weights is not the source.
    let other = variant.network == "resnext_small" ? "resnext_compiled" : "resnext_small"
    #expect(Tool("verify", model, "--source", Fixture.checkpoint(other)).status != .success)
  }

  @Test func `a bound that the precision exceeds is a failure that names the first layer`() throws {
    let folder = try TemporaryFolder()
    let model = folder.file("m.swt")
    Tool(
      "convert", Fixture.checkpoint("resnext_small"), "-o", model, "--precision", "i8", "--golden",
      Fixture.golden("resnext_small"))
    let verified = Tool("verify", model, "--k", "0.01", "--json")
    #expect(verified.status == .verificationFailed)
    #expect(try verified.json()["goldens"]?[0]?["first_divergence"]?["block"]?.string == "conv1")
  }

  @Test func `the first convolution and the classifier stay wide by name`() throws {
    let folder = try TemporaryFolder()
    let model = folder.file("m.swt")
    let converted = Tool(
      "convert", Fixture.checkpoint("resnext_small"), "-o", model, "--precision", "i8", "--keep-wide",
      "conv1,fc.weight", "--json")
    #expect(try converted.json()["kept_wide"]?.array?.compactMap(\.string) == ["conv1.weight", "fc.weight"])
    let tensors = try Tool("inspect", model, "--json").json()["tensors"]?.array ?? []
    let types = Dictionary(
      tensors.map { ($0["name"]?.string ?? "", $0["dtype"]?.string ?? "") }, uniquingKeysWith: { a, _ in a })
    #expect(types["conv1.weight"] == "float16" && types["fc.weight"] == "float16")
    #expect(types["layer1.0.conv1.weight"] == "int8" && types["layer1.0.conv1.weight.scale"] == "float32")
    #expect(types["bn1.weight"] == "float32" && types["fc.bias"] == "float32")
    #expect(Tool("convert", "a", "-o", "b", "--keep-wide", "none").status == .usage)
  }

  @Test func `a finite value that would become infinite is refused by name`() throws {
    let folder = try TemporaryFolder()
    for (value, precision) in [
      (Float(70000), "f16"), (Float.greatestFiniteMagnitude, "bf16"), (.infinity, "i8"),
    ] {
      let values: [Float] = [1, -2, 3, value]
      let pickle = PickleBuilder().op(0x7D).text("w").tensor(count: 4, size: [2, 2], stride: [2, 1]).op(0x73)
      let file = try TemporaryFile(
        ZipBuilder.checkpoint(pickle.stop(), storage: ElementCoding.bytes(values)), name: "x.pth")
      let out = folder.file("\(precision).swt")
      let refused = Tool("convert", file.path, "-o", out, "--arch", "none", "--precision", precision)
      #expect(refused.status == .weightsDiffer, "\(precision)")
      #expect(refused.errors.contains("element 3 of w"), "\(refused.errors)")
      #expect(try folder.names().isEmpty)
    }
    // An infinite value stays infinite if the type supports it.
    let infinite = PickleBuilder().op(0x7D).text("w").tensor(count: 4, size: [2, 2], stride: [2, 1]).op(0x73)
    let file = try TemporaryFile(
      ZipBuilder.checkpoint(infinite.stop(), storage: ElementCoding.bytes([1, -.infinity, 3, 4] as [Float])),
      name: "x.pth")
    let kept = Tool("convert", file.path, "-o", folder.file("x.swt"), "--arch", "none", "--precision", "f16")
    #expect(kept.status == .success)
  }

  @Test func `without a layer tree matrices are cast and nothing is folded`() throws {
    let folder = try TemporaryFolder()
    let model = folder.file("m.swt")
    let input = Fixture.checkpoint("resnext_small")
    #expect(Tool("convert", input, "-o", model, "--arch", "none", "--fold-bn").status == .weightsDiffer)
    #expect(Tool("convert", input, "-o", model, "--arch", "none", "--precision", "bf16").status == .success)
    let tensors = try Tool("inspect", model, "--json").json()["tensors"]?.array ?? []
    for tensor in tensors {
      let isMatrix = (tensor["shape"]?.array?.count ?? 0) >= 2
      let isCount = tensor["name"]?.string?.hasSuffix("num_batches_tracked") == true
      #expect(tensor["dtype"]?.string == (isMatrix ? "bfloat16" : isCount ? "int64" : "float32"))
    }
  }

  @Test(arguments: [(0.05, true), (0.005, false)])
  func `a golden that records the cost decides`(stated: Double, passes: Bool) throws {
    let folder = try TemporaryFolder()
    let model = folder.file("m.swt")
    Tool("convert", Fixture.checkpoint("resnext_small"), "-o", model, "--precision", "i8")
    // The cost of i8 here is 0.025; twice the golden's value is allowed.
    let golden = try SafetensorsFile(FileSource(path: Fixture.golden("resnext_small")))
    let floors = ["rel_l2", "max"].map { ("floor.i8.logits.\($0)", "\(stated * ($0 == "max" ? 4 : 1))") }
    let writer = try SafetensorsWriter(
      metadata: OrderedStrings(golden.metadata.pairs.map { ($0.key, $0.value) } + floors),
      tensors: golden.tensors.map { SafetensorsWriter.Tensor(name: $0.name, try golden.data(of: $0)) })
    let path = folder.file("g.golden.safetensors")
    try writeFile(path, writer.bytes())
    let verified = Tool("verify", model, path, "--json", "--level", "forward")
    #expect(
      verified.status == (passes ? .success : .verificationFailed), "\(verified.output)\(verified.errors)")
    #expect(try verified.json()["goldens"]?[0]?["reduced_precision"]?["basis"]?.string == "golden")
  }
}
