import SWTBytes
import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import SWTTensors
import TestSupport
import Testing

/// Weight files as inputs: transformed later or converted through safetensors, they give the same files.
@Suite struct StoredWeightsTests {
  static let variants: [[String]] = [
    [], ["--fold-bn"], ["--precision", "f16"], ["--fold-bn", "--precision", "bf16"],
    ["--fold-bn", "--precision", "i8", "--keep-wide", "fc"],
  ]

  @discardableResult
  private static func convert(_ input: String, _ output: String, _ options: [String] = []) -> Tool {
    Tool(["convert", input, "-o", output] + options)
  }

  private static let goldens = [
    "--golden", Fixture.golden("resnext_small"), "--golden", Fixture.golden("resnext_small", "odd-65x63"),
  ]

  @Test(arguments: variants)
  func `a weight file transformed later equals one transformed at once`(options: [String]) throws {
    let folder = try TemporaryFolder()
    let (plain, late, direct) = (folder.file("p.swt"), folder.file("l.swt"), folder.file("d.swt"))
    let input = Fixture.checkpoint("resnext_small")
    #expect(Self.convert(input, plain, Self.goldens).status == .success)
    let converted = Self.convert(plain, late, options)
    #expect(converted.status == .success, "\(converted.errors)")
    #expect(Self.convert(input, direct, options + Self.goldens).status == .success)
    #expect(try readFile(late) == readFile(direct))
  }

  @Test(arguments: variants)
  func `through safetensors and back every byte is the same`(options: [String]) throws {
    let folder = try TemporaryFolder()
    let (first, text, back) = (folder.file("a.swt"), folder.file("b.safetensors"), folder.file("c.swt"))
    let more = ["--meta", "x.note=grüße \"1\"", "--license", "BSD-3-Clause"]
    #expect(
      Self.convert(Fixture.checkpoint("resnext_small"), first, options + Self.goldens + more).status
        == .success)
    let out = Self.convert(first, text)
    #expect(out.status == .success, "\(out.errors)")
    let returned = Self.convert(text, back)
    #expect(returned.status == .success, "\(returned.errors)")
    #expect(try readFile(first) == readFile(back))
    // A conversion straight from the checkpoint gives the same safetensors file.
    let direct = folder.file("d.safetensors")
    Self.convert(Fixture.checkpoint("resnext_small"), direct, options + Self.goldens + more)
    #expect(try readFile(direct) == readFile(text))
  }

  @Test(arguments: FormConversionTests.names)
  func `any state dict goes through safetensors and back`(name: String) throws {
    let folder = try TemporaryFolder()
    let (first, text, back) = (folder.file("a.swt"), folder.file("b.safetensors"), folder.file("c.swt"))
    guard Self.convert(Fixtures.path("forms/\(name)"), first, ["--arch", "none"]).status == .success else {
      return
    }
    let out = Self.convert(first, text)
    #expect(out.status == .success, "\(out.errors)")
    #expect(Self.convert(text, back).status == .success)
    #expect(try readFile(first) == readFile(back))
  }

  @Test func `goldens that share an input store it once, at once and later`() throws {
    let folder = try TemporaryFolder()
    let (direct, copy) = (folder.file("a.swt"), folder.file("b.swt"))
    let golden = ["--golden", Fixture.golden("resnet_basic")]
    let once = Self.convert(Fixture.checkpoint("resnet_basic"), direct, golden + golden + ["--json"])
    #expect((try once.json()["aliases"]?.int ?? 0) > 3)
    #expect(Self.convert(direct, copy).status == .success)
    #expect(try readFile(direct) == readFile(copy))
    #expect(Tool("verify", copy).status == .success)
  }

  @Test func `values are not transformed twice`() throws {
    let folder = try TemporaryFolder()
    let (half, again) = (folder.file("h.swt"), folder.file("a.swt"))
    Self.convert(Fixture.checkpoint("resnext_small"), half, ["--precision", "f16"])
    let refused = Self.convert(half, again, ["--precision", "i8"])
    #expect(refused.status == .weightsDiffer)
    #expect(refused.errors.contains("convert the checkpoint"))
    #expect(Self.convert(half, again).status == .success)
    #expect(try readFile(half) == readFile(again))
  }

  @Test func `metadata and goldens can be added to a weight file`() throws {
    let folder = try TemporaryFolder()
    let (first, second, direct) = (folder.file("a.swt"), folder.file("b.swt"), folder.file("c.swt"))
    let input = Fixture.checkpoint("resnext_small")
    Self.convert(input, first, Array(Self.goldens.prefix(2)))
    #expect(
      Self.convert(first, second, Array(Self.goldens.suffix(2)) + ["--meta", "x.a=b"]).status == .success)
    Self.convert(input, direct, Self.goldens + ["--meta", "x.a=b"])
    #expect(try readFile(second) == readFile(direct))
    #expect(Self.convert(first, second, ["--arch", "resnext50_32x4d", "--force"]).status == .weightsDiffer)
    #expect(Self.convert(first, second, ["--key", "model", "--force"]).status == .weightsDiffer)
  }

  @Test func `an edited safetensors file is not taken for the original`() throws {
    let folder = try TemporaryFolder()
    let (text, back) = (folder.file("b.safetensors"), folder.file("c.swt"))
    Self.convert(Fixture.checkpoint("resnext_small"), text)
    var bytes = try readFile(text)
    bytes[bytes.count - 1] ^= 1
    try writeFile(text, bytes)
    let refused = Self.convert(text, back)
    #expect(refused.status == .inputUnreadable)
    #expect(refused.errors.contains("swt.index"))
  }

  @Test func `a damaged weight file is not converted`() throws {
    let folder = try TemporaryFolder()
    let (first, second) = (folder.file("a.swt"), folder.file("b.swt"))
    Self.convert(Fixture.checkpoint("resnext_small"), first)
    var bytes = try readFile(first)
    bytes[bytes.count / 2] ^= 4
    try writeFile(first, bytes)
    #expect(Self.convert(first, second).status == .inputUnreadable)
    #expect(try folder.names() == ["a.swt"])
  }

  @Test func `whatever the stored index says, the result is a file or an error`() throws {
    let folder = try TemporaryFolder()
    let (text, back) = (folder.file("b.safetensors"), folder.file("c.swt"))
    Self.convert(
      Fixture.checkpoint("resnet_basic"), text,
      ["--precision", "i8", "--golden", Fixture.golden("resnet_basic", "odd-65x63")])
    let file = try SafetensorsFile(FileSource(path: text))
    let tensors = try file.tensors.map { SafetensorsWriter.Tensor(name: $0.name, try file.data(of: $0)) }
    let index = try #require(file.metadata["swt.index"])
    let seed = UInt64.random(in: 0...UInt64.max)
    var counter: UInt64 = 0
    func next(_ count: Int) -> Int {
      counter += 1
      return Int(SplitMix64.at(seed &+ counter) % UInt64(count))
    }
    let digits = index.utf8.indices.filter { (0x30...0x39).contains(index.utf8[$0]) }
    let names = [
      "role", "axis", "scale", "bits", "block", "zero", "shape", "input", "expected", "quantization",
      "receipts",
      "tensor_align_log2", "golden_sets", "i64", "dim_order",
    ]
    for round in 0..<120 {
      var changed = index
      switch round % 3 {
      case 0:
        let place = digits[next(digits.count)]
        changed.replaceSubrange(
          place...place, with: ["9", "-1", "4294967295", "1e3", "\"x\"", "[]"][next(6)])
      case 1:
        let name = names[next(names.count)]
        changed = changed.replacingFirst(
          "\"\(name)\":", with: "\"\(name)\":\(["70000000000", "255", "null", "[1]", "64"][next(5)]),\"old\":"
        )
      default:
        let name = names[next(names.count)]
        changed = changed.replacingFirst("\"\(name)\"", with: "\"gone\"")
      }
      let writer = try SafetensorsWriter(metadata: OrderedStrings([("swt.index", changed)]), tensors: tensors)
      try writeFile(text, writer.bytes())
      let converted = Self.convert(text, back, ["--force"])
      #expect(
        [.success, .inputUnreadable, .weightsDiffer, .outputFailed].contains(converted.status),
        "seed \(seed), round \(round): \(converted.errors)")
      if converted.status == .success {
        #expect(Tool("check", back).status == .success, "seed \(seed), round \(round)")
      }
    }
  }
}

extension String {
  fileprivate func replacingFirst(_ old: String, with new: String) -> String {
    guard let range = firstRange(of: old) else { return self }
    return self[..<range.lowerBound] + new + self[range.upperBound...]
  }
}
