import ResNetArchitecture
import SWTCommands
internal import SWTConsole
internal import SWTTensorFiles
import TestSupport
import Testing

/// Whatever reads the values of a checkpoint reads them by one road, with the same budget, checks and refusal.
@Suite struct OneRoadTests {
  @Test
  func
    `a state dict of views of one flat storage converts, hashes and verifies within the budget of its size`()
    throws
  {
    let network = StateDictFile(try #require(Architecture.named("resnet18")))
    let bytes = network.flattenedBytes
    let folder = try TemporaryFolder()
    let (source, model) = (folder.file("flat.pth"), folder.file("flat.swt"))
    try writeFile(source, bytes)
    // Each tensor once and the storage once; the storage once for each of its views would be 122 times the file.
    let budget = ["--limit", "total-bytes=\(2 * bytes.count)"]
    let converted = Tool(["convert", source, "-o", model] + budget)
    #expect(converted.status == .success, "\(converted.errors)")
    let hashed = Tool(["inspect", source, "--hash", "--json"] + budget)
    #expect(hashed.status == .success)
    #expect(try hashed.json()["skipped"]?.array?.isEmpty == true)
    let verified = Tool(["verify", model, "--source", source] + budget)
    #expect(verified.status == .success, "\(verified.errors)")
    #expect(Tool(["diff", source, model] + budget).status == .success)
  }

  /// Every command that reads a checkpoint's values.
  @Test(arguments: [
    ["convert", "EVIL", "-o", "OUT"], ["convert", "EVIL", "-o", "OUT", "--arch", "none"],
    ["verify", "MODEL", "--source", "EVIL"], ["verify", "MODEL", "--source", "EVIL", "--level", "weights"],
    ["diff", "EVIL", "EVIL"], ["diff", "MODEL", "EVIL"], ["diff", "EVIL", "MODEL"],
    ["run", "MODEL", "EVIL", "-o", "OUT"],
  ])
  func `a checkpoint that names something dangerous is refused`(words: [String]) throws {
    let pickle = PickleBuilder().op(0x7D).op(0x28).text("input")
      .tensor(count: 16, size: [4, 4], stride: [4, 1]).text("hook").global("os", "system").op(0x75).stop()
    let evil = try TemporaryFile(ZipBuilder.checkpoint(pickle, floats: 16), name: "evil.pth")
    let folder = try TemporaryFolder()
    let model = folder.file("model.swt")
    #expect(Tool("convert", Fixture.checkpoint("resnext_small"), "-o", model).status == .success)
    let names = ["EVIL": evil.path, "MODEL": model, "OUT": folder.file("out")]
    let tool = Tool(words.map { names[$0] ?? $0 })
    #expect(tool.status == .inputUnreadable)
    #expect(tool.errors.contains("os.system is not a tensor constructor; nothing was executed"))
    #expect(tool.output.isEmpty)
  }

  @Test func `a golden made of a dangerous checkpoint is unusable`() throws {
    let pickle = PickleBuilder().op(0x7D).op(0x28).text("input")
      .tensor(count: 16, size: [4, 4], stride: [4, 1]).text("hook").global("os", "system").op(0x75).stop()
    let evil = try TemporaryFile(ZipBuilder.checkpoint(pickle, floats: 16), name: "evil.pth")
    let folder = try TemporaryFolder()
    let model = folder.file("model.swt")
    #expect(Tool("convert", Fixture.checkpoint("resnext_small"), "-o", model).status == .success)
    let tool = Tool("verify", model, evil.path)
    #expect(tool.status == .goldenUnusable)
    #expect(tool.errors.contains("os.system"))
  }
}
