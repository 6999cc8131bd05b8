import SWTBytes
import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// Several inputs in one command.
@Suite struct FleetTests {
  private static let names = ["resnet_basic", "resnext_small", "resnext_small_deflated", "resnext_deep"]

  private func copy(_ name: String, to path: String) throws {
    try writeFile(path, try readFile(Fixture.checkpoint(name)))
  }

  /// A folder with good checkpoints, a truncated one, and a file that is not a checkpoint.
  private func folder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for name in Self.names { try copy(name, to: folder.file("\(name).pth")) }
    let whole = try readFile(Fixture.checkpoint("resnext_small"))
    try writeFile(folder.file("cut.pth"), Array(whole[..<(whole.count / 2)]))
    try writeFile(folder.file("README"), Array("no checkpoint\n".utf8))
    return folder
  }

  @Test(arguments: [1, 2, 5])
  func `a folder gives the same as its files one by one, and a bad file does not stop others`(threads: Int)
    throws
  {
    let input = try folder()
    let output = try TemporaryFolder()
    let tool = Tool("convert", input.path, "-o", output.path, "--threads", "\(threads)", "--json")
    #expect(tool.status == .inputUnreadable)
    #expect(tool.errors.contains("cut.pth"))
    #expect(tool.errors.split(separator: "\n").count == 1)

    let document = try tool.json()
    #expect(document["schema"]?.string == "pth2swt.convert-fleet/1")
    let files = try #require(document["files"]?.array)
    #expect(
      files.map { $0["status"]?.string } == ["failed", "converted", "converted", "converted", "converted"])
    #expect(files[0]["error"]?["code"]?.int == 5)
    #expect(document["summary"]?["converted"]?.int == 4)
    #expect(document["summary"]?["failed"]?.int == 1)
    #expect(document["summary"]?["passed_over"]?.int == 1)
    #expect(document["summary"]?["exit"]?.int == 5)

    #expect(try output.names() == Self.names.sorted().map { "\($0).swt" })
    let single = try TemporaryFolder()
    for name in Self.names {
      Tool("convert", input.file("\(name).pth"), "-o", single.file("\(name).swt"), "--threads", "1")
      #expect(try readFile(output.file("\(name).swt")) == readFile(single.file("\(name).swt")), "\(name)")
    }
  }

  @Test func `outputs that are up to date are skipped and reported, missing ones are made again`() throws {
    let input = try folder()
    let output = try TemporaryFolder()
    Tool("convert", input.path, "-o", output.path)
    let before = FileIdentity(output.file("resnext_deep.swt"))
    unsafe unlink(output.file("resnet_basic.swt"))
    let again = Tool("convert", input.path, "-o", output.path)
    #expect(again.status == .inputUnreadable)
    #expect(again.output.contains("resnext_deep.swt: up to date\n"))
    #expect(again.output.contains("1 converted, 3 up to date, 1 failed"))
    #expect(FileIdentity(output.file("resnext_deep.swt")) == before)
  }

  @Test func `the exit is the highest of all`() throws {
    let folder = try TemporaryFolder()
    try copy("resnext_small", to: folder.file("good.pth"))
    try copy("views", to: folder.file("other.pth"))
    let output = folder.file("out")
    let words = ["convert", folder.file("good.pth"), folder.file("other.pth"), "-o", output]
    #expect(Tool(words).status == .weightsDiffer)
    #expect(Tool(words + [folder.file("missing.pth")]).status == .inputUnreadable)
    // With other options, the outputs are not up to date.
    #expect(Tool(words + [folder.file("missing.pth"), "--license", "MIT"]).status == .outputFailed)
    for name in try listFolder(output) { unsafe unlink("\(output)/\(name)") }
    unsafe rmdir(output)
  }

  @Test func `a single input is reported in the singular`() throws {
    let folder = try TemporaryFolder()
    try copy("resnext_small", to: folder.file("only.pth"))
    try copy("resnext_small", to: folder.file("x.golden.safetensors"))
    let tool = Tool("convert", folder.path, "-o", folder.file("out"))
    #expect(tool.output.contains("\n1 input: 1 converted, 0 up to date, 0 failed; "))
    #expect(tool.output.hasSuffix("; 1 other file skipped\n"))
  }

  @Test func `inputs with the same output are refused, and only these`() throws {
    let (folder, output) = (try TemporaryFolder(), try TemporaryFolder())
    for name in ["a.pth", "a.pt", "b.pth"] { try copy("resnext_small", to: folder.file(name)) }
    let tool = Tool("convert", folder.path, "-o", output.path)
    #expect(tool.status == .usage)
    #expect(tool.errors.contains("a.pt: \(output.path)/a.swt would be written from \(folder.path)/a.pth too"))
    #expect(tool.errors.contains("a.pth: \(output.path)/a.swt would be written from \(folder.path)/a.pt too"))
    #expect(tool.output.contains("3 inputs: 1 converted, 0 up to date, 2 failed"))
    #expect(try output.names() == ["b.swt"])
    #expect(Tool("convert", folder.path, "-o", output.path, "--exclude", "*.pt").status == .success)
    #expect(try output.names() == ["a.swt", "b.swt"])
  }

  @Test func `shards belong to their index`() throws {
    let output = try TemporaryFolder()
    let tool = Tool(
      "convert", Fixtures.path("forms/sharded_bin"), "-o", output.path, "--arch", "none", "--json")
    #expect(tool.status == .success, "\(tool.errors)")
    let files = try #require(try tool.json()["files"]?.array)
    #expect(files.count == 1)
    #expect(try output.names() == ["pytorch_model.swt"])
  }

  @Test func `an output that is its input is refused, and the others are converted`() throws {
    let folder = try TemporaryFolder()
    try copy("resnext_small", to: folder.file("a.swt"))
    try copy("resnet_basic", to: folder.file("b.pth"))
    let before = try readFile(folder.file("a.swt"))
    let tool = Tool("convert", folder.path, "-o", folder.path, "--force")
    #expect(tool.status == .outputFailed)
    #expect(tool.errors.contains("would replace an input"))
    #expect(try readFile(folder.file("a.swt")) == before)
    #expect(try folder.names() == ["a.swt", "b.pth", "b.swt"])
  }

  @Test func `temporary files of a killed run are removed, those of a running one are not`() throws {
    let folder = try TemporaryFolder()
    let output = folder.file("m.swt")
    let dead = output + ".pth2swt-tmp-0123456789abc"
    let other = folder.file("n.swt.pth2swt-tmp-0123456789abc")
    try writeFile(dead, [1, 2, 3])
    try writeFile(other, [1, 2, 3])
    let alive = try AtomicFile(path: output)
    try alive.write([1, 2, 3])
    #expect(Tool("convert", Fixture.checkpoint("resnext_small"), "-o", output).status == .success)
    #expect(
      try folder.names()
        == ["m.swt", Folder.name(of: alive.temporary), "n.swt.pth2swt-tmp-0123456789abc"].sorted())
    alive.abort()
  }

  @Test func `a layer to keep wide must exist`() throws {
    let folder = try TemporaryFolder()
    let words = [
      "convert", Fixture.checkpoint("resnext_small"), "-o", folder.file("m.swt"), "--precision", "i8",
    ]
    let tool = Tool(words + ["--keep-wide", "conv1,fcc"])
    #expect(tool.status == .usage)
    #expect(tool.errors.contains("no layer 'fcc' to keep wide; did you mean fc?"))
    #expect(try folder.names().isEmpty)
    #expect(Tool(words + ["--keep-wide", "conv1,fc.weight"]).status == .success)
  }

  @Test(arguments: [
    "", "--fold-bn", "--precision f16", "--precision i8 --keep-wide none", "--fold-bn --precision bf16",
  ])
  func `the bytes do not depend on threads`(options: String) throws {
    let folder = try TemporaryFolder()
    let words = options.split(separator: " ").map(String.init)
    for threads in ["1", "2", "7"] {
      Tool(
        ["convert", Fixture.checkpoint("resnext_deep"), "-o", folder.file(threads), "--threads", threads]
          + words)
    }
    let one = try readFile(folder.file("1"))
    #expect(try readFile(folder.file("2")) == one)
    #expect(try readFile(folder.file("7")) == one)
  }

  /// The digest of the source is known only after the index is laid out; if the user's metadata has the same
  /// text, the index is shorter than planned.
  @Test func `metadata that equals the source's digest changes nothing else`() throws {
    let folder = try TemporaryFolder()
    let source = Fixture.checkpoint("resnext_small")
    let plain = Tool("convert", source, "-o", folder.file("plain.swt"), "--json")
    let digest = try #require(try plain.json()["source_sha256"]?.string)
    // With some of these paddings, the index ends within 64 bytes of a page boundary.
    for padding in stride(from: 0, to: 16_384, by: 64) where padding % 1024 == 0 {
      let path = folder.file("\(padding).swt")
      let words = ["--meta", "x.same=\(digest)", "--meta", "x.pad=\(String(repeating: "p", count: padding))"]
      #expect(Tool(["convert", source, "-o", path] + words).status == .success)
      #expect(Tool("check", path).status == .success)
    }
  }
}
