import SWT
import SWTBytes
import SWTConsole
import SWTDigests
import SWTThreads
import Synchronization
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// Outputs that would replace inputs, links under the names of outputs, and inputs that change.
@Suite struct InputsAndOutputsTests {
  private let folder: TemporaryFolder
  private let model, checkpoint, golden: String

  init() throws {
    folder = try TemporaryFolder()
    (model, checkpoint) = (folder.file("m.swt"), folder.file("c.pth"))
    golden = folder.file("g.golden.safetensors")
    try writeFile(checkpoint, readFile(Fixture.checkpoint("resnext_small")))
    try writeFile(golden, readFile(Fixture.golden("resnext_small")))
    #expect(Tool("convert", checkpoint, "-o", model, "--golden", golden).status == .success)
  }

  // MARK: Inputs as outputs

  @Test(arguments: ["html", "json", "text", "junit", "tap", "github", "markdown"])
  func `a report of verify replaces none of its inputs`(_ format: String) throws {
    for path in [model, checkpoint, golden] {
      let before = try readFile(path)
      let verified = Tool("verify", model, golden, "--source", checkpoint, "--format", "\(format)=\(path)")
      #expect(verified.status == .outputFailed)
      #expect(verified.errors.contains("would replace the input"))
      #expect(try readFile(path) == before)
    }
  }

  @Test func `no command replaces another input with its output, even with --force`() throws {
    let labels = folder.file("labels")
    try writeFile(labels, Array((0..<10).map { "l\($0)\n" }.joined().utf8))
    let link = folder.file("link.swt")
    #expect(unsafe symlink(labels, link) == 0)
    let commands: [(words: [String], input: String)] = [
      (["convert", checkpoint, "-o", golden, "--golden", golden, "--force"], golden),
      (["convert", checkpoint, "-o", checkpoint, "--force"], checkpoint),
      (["convert", checkpoint, "-o", link, "--labels", labels, "--force"], labels),
      (["run", model, golden, "-o", golden, "--force"], golden),
      (["run", model, golden, "-o", model, "--force"], model),
      (["set-meta", model, "--labels", labels, "-o", labels, "--force"], labels),
    ]
    for (words, input) in commands {
      let before = try readFile(input)
      let result = Tool(words)
      #expect(result.status == .outputFailed || result.status == .usage, "\(words): \(result.errors)")
      #expect(try readFile(input) == before, "\(words)")
    }
  }

  // MARK: Links

  @Test(arguments: [true, false])
  func `names that the tool derives never follow a link`(_ dangles: Bool) throws {
    let victim = folder.file("victim")
    if !dangles { try writeFile(victim, [1, 2, 3]) }
    let key = folder.file("key.pem")
    try writeFile(key, Array(TestKey.privatePEM.utf8))
    let wrong = folder.file("wrong.swt")
    #expect(
      Tool("convert", checkpoint, "-o", wrong, "--bn-eps", "0.5").status == .success)
    let own = folder.file("new.self.golden.safetensors")
    let commands: [(link: String, words: [String])] = [
      ("\(golden).actual", ["verify", wrong, golden, "--actual", "--no-diagnose"]),
      ("\(model).sig", ["sign", model, "--key", key]),
      ("\(model).sig", ["sign", model, "--key", key, "--force"]),
      (own, ["verify", model, own, "--update", "new"]),
    ]
    for (link, words) in commands {
      unsafe unlink(link)
      #expect(unsafe symlink(victim, link) == 0)
      Tool(words)
      #expect((try? readFile(victim)) == (dangles ? nil : [1, 2, 3]), "\(words)")
      unsafe unlink(link)
    }
  }

  @Test func `a fleet writes through no link`() throws {
    let (input, output, elsewhere) = (folder.file("in"), folder.file("out"), folder.file("elsewhere"))
    for path in [input, "\(input)/sub", output, elsewhere] { #expect(unsafe mkdir(path, 0o755) == 0) }
    defer {
      for name in ["in/sub/b.pth", "in/a.pth", "out/a.swt", "out/sub", "elsewhere/b.swt"] {
        unsafe unlink(folder.file(name))
      }
      for name in ["in/sub", "in", "out", "elsewhere"] { unsafe rmdir(folder.file(name)) }
    }
    for name in ["a.pth", "sub/b.pth"] { try writeFile("\(input)/\(name)", readFile(checkpoint)) }
    #expect(unsafe symlink(folder.file("victim"), "\(output)/a.swt") == 0)
    #expect(unsafe symlink(elsewhere, "\(output)/sub") == 0)
    #expect(Tool("convert", input, "-o", output).status == .outputFailed)
    #expect((try? readFile(folder.file("victim"))) == nil)
    #expect((try? readFile("\(elsewhere)/b.swt")) == nil)
  }

  @Test func `a link that the user names is followed and stays`() throws {
    let (link, target) = (folder.file("link.swt"), folder.file("target.swt"))
    #expect(unsafe symlink(target, link) == 0)
    #expect(Tool("convert", checkpoint, "-o", link).status == .success)
    #expect(try SWTFile(path: target).tensorCount > 0)
  }

  @Test func `a checkpoint whose name is not UTF-8 is reported, not passed over`() throws {
    let name =
      Array(folder.file("lat").utf8CString.dropLast()) + [CChar(bitPattern: 0xE9)] + ".pth".utf8CString
    let file = unsafe open(name, O_CREAT | O_WRONLY, 0o644)
    // Some file systems refuse such names.
    guard file >= 0 else { return }
    close(file)
    defer { unsafe unlink(name) }
    let output = folder.file("out")
    defer {
      unsafe unlink("\(output)/c.swt")
      unsafe rmdir(output)
    }
    let converted = Tool("convert", folder.path, "-o", output)
    #expect(converted.status == .inputUnreadable)
    #expect(converted.errors.contains("not valid UTF-8"), "\(converted.errors)")
  }

  @Test func `an index that hides checkpoints of its folder is named`() throws {
    let output = folder.file("out")
    defer {
      for name in ["c.swt", "sup.swt", "m.swt"] { unsafe unlink("\(output)/\(name)") }
      unsafe rmdir(output)
    }
    try writeFile(folder.file("sup.index.json"), Array(#"{"weight_map":{"fc.weight":"c.pth"}}"#.utf8))
    let converted = Tool("convert", folder.path, "-o", output, "--arch", "none")
    #expect(converted.errors.contains("sup.index.json: an index"), "\(converted.errors)")
  }

  // MARK: Temporary files

  @Test func `a file of another program is not taken for a leftover`() throws {
    let other = folder.file("n.swt.tmp-backup2024010")
    try writeFile(other, [1])
    #expect(Tool("convert", checkpoint, "-o", folder.file("n.swt")).status == .success)
    #expect(try readFile(other) == [1])
  }

  @Test func `a name of 255 bytes can be written`() throws {
    let long = folder.file(String(repeating: "ä", count: 125) + "x.swt")
    #expect(Tool("convert", checkpoint, "-o", long).status == .success)
    #expect(Tool("convert", checkpoint, "-o", long, "--force").status == .success)
  }

  // MARK: Changed inputs

  @Test(arguments: ["swt", "safetensors"])
  func `a source that is written to during the conversion is an error, and the old output stays`(
    _ ending: String
  ) throws {
    let (source, output) = (
      folder.file("big.safetensors"), folder.file("big.\(ending == "swt" ? "" : "2.")\(ending)")
    )
    let count = 48 << 20
    let header = Array(#"{"a":{"dtype":"U8","shape":[\#(count)],"data_offsets":[0,\#(count)]}}   "#.utf8)
    try writeFile(source, (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header)
    try #require(unsafe truncate(source, off_t(8 + header.count + count)) == 0)
    try writeFile(output, [7])

    let stop = Stop()
    let writer = Background {
      let file = unsafe open(source, O_WRONLY)
      var offset = 0
      while !stop.isSet.load(ordering: .acquiring) {
        offset = (offset + 7_654_321) % count
        var byte: UInt8 = 9
        unsafe pwrite(file, &byte, 1, off_t(8 + header.count + offset))
        usleep(500)
      }
      close(file)
    }
    let converted = Tool("convert", source, "-o", output, "--arch", "none", "--force")
    stop.isSet.store(true, ordering: .releasing)
    writer.wait()
    #expect(converted.status == .inputUnreadable, "\(converted.errors)")
    #expect(converted.errors.contains("changed"))
    #expect(try readFile(output) == [7])
  }

  @Test func `a file whose metadata are edited must not change meanwhile`() throws {
    var edit = try SWTMetadataEdit(path: model)
    usleep(20_000)
    try writeFile(model, readFile(model))
    edit.metadata["description"] = .text("x")
    let target = folder.file("edited.swt")
    #expect(throws: SWTEditError.self) { try edit.write(to: target, digests: SystemDigests()) }
    #expect((try? readFile(target)) == nil)
  }
}

private final class Stop: Sendable {
  let isSet = Atomic(false)
}
