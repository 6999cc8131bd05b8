import SWTCommands
import SWTTensorFiles
import TestSupport
import Testing

/// Weight files as inputs: transformed late or carried through safetensors, they become the very same files.
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
  func `a weight file transformed later is the file transformed at once`(options: [String]) throws {
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
    // Straight from the checkpoint it is the same safetensors file.
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

  @Test func `a safetensors file that was edited is not taken for what it was`() throws {
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
}
