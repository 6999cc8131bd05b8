import SWTCommands
internal import SWTConsole
import TestSupport
import Testing

/// Outputs whose folder does not exist.
@Suite struct OutputFolderTests {
  static let checkpoint = Fixture.checkpoint("resnext_small")
  static let golden = Fixture.golden("resnext_small")

  /// Commands that write one file, `OUT`; `MODEL` is a weight file, `KEY` a private key.
  static let files: [[String]] = [
    ["convert", checkpoint, "-o", "OUT.swt"], ["convert", checkpoint, "-o", "OUT.safetensors"],
    ["convert", checkpoint, "-o", "OUT.pth"], ["convert", checkpoint, "-o", "OUT.swt", "--format", "text"],
    ["convert", checkpoint, "-o", "OUT.swt", "--skip-unknown"], ["inspect", checkpoint, "--html=OUT.html"],
    ["verify", "MODEL", golden, "--format", "json=OUT.json"],
    ["run", "MODEL", golden, "--input", "input", "-o", "OUT.npy"],
    ["run", "MODEL", golden, "--input", "input", "-o", "OUT.npz"],
    ["golden", "make", "--print-script", "-o", "OUT.py"],
    ["golden", "import", golden, "--model", "MODEL", "-o", "OUT.safetensors"],
    ["diff", "MODEL", checkpoint, "--html=OUT.html"],
    ["sign", "MODEL", "--key", "KEY", "--signature", "OUT"],
    ["set-meta", "MODEL", "x.note=new", "-o", "OUT.swt"],
  ]

  private static func words(_ command: [String], _ folder: TemporaryFolder, _ output: String) throws
    -> [String]
  {
    let model = folder.file("model.swt")
    try #require(Tool("convert", checkpoint, "-o", model).status == .success)
    try writeFile(folder.file("key"), Array(TestKey.privatePEM.utf8))
    let named = ["MODEL": model, "KEY": folder.file("key")]
    return command.map { named[$0] ?? $0.replacing("OUT", with: output) }
  }

  @Test(arguments: files)
  func `a file in a folder that does not exist is exit 6, and the folder is named`(command: [String]) throws {
    let folder = try TemporaryFolder()
    let missing = folder.file("new/dir")
    let tool = Tool(try Self.words(command, folder, "\(missing)/out"))
    #expect(tool.status == .outputFailed)
    #expect(tool.errors.contains("/out"))
    #expect(tool.errors.contains(": the folder \(missing) does not exist\n"), "\(tool.errors)")
    #expect(try folder.names() == ["key", "model.swt"])
  }

  @Test(arguments: files)
  func `a file where a folder is expected is exit 6, and named`(command: [String]) throws {
    let folder = try TemporaryFolder()
    let tool = Tool(try Self.words(command, folder, folder.file("key/out")))
    #expect(tool.status == .outputFailed)
    #expect(tool.errors.contains(": \(folder.file("key")) is not a folder\n"), "\(tool.errors)")
  }

  @Test func `an evaluation does not begin if its page has no folder`() throws {
    let folder = try TemporaryFolder()
    let photos = folder.file("photos.tsv")
    try writeFile(photos, Array("\(Fixtures.path("images/landscape.jpg"))\t3\n".utf8))
    let command = ["evaluate", "MODEL", photos, "--html=\(folder.file("new/page.html"))"]
    let tool = Tool(try Self.words(command, folder, ""))
    #expect(tool.status == .outputFailed)
    #expect(
      tool.output.isEmpty && tool.errors.contains(": the folder \(folder.file("new")) does not exist\n"))
  }

  /// Commands whose output is a folder.
  static let folders: [[String]] = [
    ["convert", checkpoint, Fixture.checkpoint("resnext_deep"), "-o", "OUT"],
    ["golden", "import", golden, "--model", "MODEL", "-o", "OUT"],
    ["golden", "export", golden, "-o", "OUT"],
  ]

  @Test(arguments: folders)
  func `an output that is a folder is made, with those above it`(command: [String]) throws {
    let folder = try TemporaryFolder()
    let tool = Tool(try Self.words(command, folder, folder.file("new/dir")))
    #expect(tool.status == .success, "\(tool.errors)")
    #expect(try folder.names().contains("new"))
    let refused = Tool(try Self.words(command, folder, folder.file("key/dir")))
    #expect(refused.status == .outputFailed)
    #expect(refused.errors.contains("\(folder.file("key")) is not a folder\n"), "\(refused.errors)")
  }
}
