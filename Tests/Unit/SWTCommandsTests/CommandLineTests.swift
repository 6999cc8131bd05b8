import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

@Suite struct CommandLineTests {
  static let commands = [
    "convert", "inspect", "verify", "run", "golden", "check", "diff", "arch", "sign", "verify-signature",
    "set-meta", "bench", "doctor", "completions", "man",
  ]

  @Test(arguments: commands)
  func `every command has help with examples`(command: String) {
    let tool = Tool(command, "--help")
    #expect(tool.status == .success)
    #expect(tool.output.contains("usage: pth2swt \(command)"))
    #expect(tool.output.contains("examples:"))
    #expect(Tool("help", command).output == tool.output)
    #expect(Tool().output.contains(command))
  }

  @Test(arguments: commands + [""])
  func `help fits 80 columns`(command: String) {
    let tool = Tool(command.isEmpty ? ["--help"] : [command, "--help"])
    for line in tool.output.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
  }

  @Test(arguments: commands)
  func `help shows each option once`(command: String) {
    let options = Tool(command, "--help").output.split(separator: "\n").drop { $0 != "options:" }
      .filter { $0.hasPrefix("  -") }
      .compactMap { $0.split(separator: " ").first { $0.hasPrefix("--") } }
      .prefix { $0 != "--help" }
    #expect(Set(options).count == options.count)
  }

  struct Mistake: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let words: [String]
    let status: Status
    let says: String

    init(_ description: String, _ words: [String], _ status: Status, _ says: String) {
      (testDescription, self.words, self.status, self.says) = (description, words, status, says)
    }
  }

  /// `OUT` is a path in an empty folder, `TEXT`, `SHORT`, `MODEL` are files made for the test, `FOLDER` has
  /// no checkpoint in it.
  static let mistakes: [Mistake] = [
    Mistake("an unknown command", ["convrt"], .usage, "did you mean convert?"),
    Mistake("an unknown option", ["convert", "a", "--forc", "-o", "OUT"], .usage, "did you mean --force?"),
    Mistake("no input", ["convert", "-o", "OUT"], .usage, "needs INPUT"),
    Mistake("no output", ["convert", "a"], .usage, "needs -o OUT"),
    Mistake(
      "metadata of the wrong type", ["convert", "a", "-o", "OUT", "--meta", "pre.resize=big"], .usage,
      "pre.resize is i64"),
    Mistake(
      "metadata that is found out", ["convert", "a", "-o", "OUT", "--meta", "arch.groups=3"], .usage,
      "convert sets it itself"),
    Mistake("half an option", ["convert", "a", "--prec", "f16"], .usage, "did you mean --precision?"),
    Mistake("an unknown limit", ["inspect", "a", "--limit", "x=1"], .usage, "there is no limit 'x'"),
    Mistake("a missing file", ["convert", "/nowhere.pth", "-o", "OUT"], .inputUnreadable, "no such file"),
    Mistake("a text file", ["convert", "TEXT", "-o", "OUT"], .inputUnreadable, "text file"),
    Mistake("a folder", ["inspect", "/"], .inputUnreadable, "a directory"),
    Mistake(
      "a folder without checkpoints", ["convert", "FOLDER", "-o", "OUT"], .inputUnreadable, "no checkpoints"),
    Mistake("an endless device", ["inspect", "/dev/zero"], .inputUnreadable, "not a regular file"),
    Mistake("a truncated file", ["convert", "SHORT", "-o", "OUT"], .inputUnreadable, "damaged"),
    Mistake(
      "a wrong architecture",
      ["convert", Fixture.checkpoint("resnext_small"), "-o", "OUT", "--arch", "resnet50"], .weightsDiffer,
      "do not fit resnet50"),
    Mistake(
      "an unknown architecture",
      ["convert", Fixture.checkpoint("resnext_small"), "-o", "OUT", "--arch", "resnext50_32x4"], .usage,
      "did you mean resnext50_32x4d?"),
    Mistake(
      "no ResNet at all", ["convert", Fixture.checkpoint("views"), "-o", "OUT"], .weightsDiffer,
      "--arch none"),
    Mistake(
      "a key that is not there",
      ["convert", Fixture.checkpoint("resnext_wrapped"), "-o", "OUT", "--key", "ema"], .weightsDiffer,
      "state_dict.module."),
    Mistake(
      "a golden of another model",
      ["verify", "MODEL", Fixture.golden("resnext_deep")], .goldenUnusable, "it is a golden of"),
    Mistake(
      "embedding a golden of another model",
      [
        "convert", Fixture.checkpoint("resnext_small"), "-o", "OUT", "--golden",
        Fixture.golden("resnet_basic"),
      ], .goldenUnusable, "it is a golden of"),
    Mistake("a file that is not a golden", ["verify", "MODEL", "TEXT"], .goldenUnusable, "not a golden"),
    Mistake("no golden", ["verify", "MODEL"], .goldenUnusable, "has no golden"),
    Mistake(
      "a checkpoint for a weight file", ["verify", "SHORT"], .inputUnreadable, "not a .swt weight file"),
    Mistake(
      "an output that exists",
      ["convert", Fixture.checkpoint("resnext_small"), "-o", "MODEL", "--license", "MIT"],
      .outputFailed, "--force"),
    Mistake(
      "an output in a folder that does not exist",
      ["convert", Fixture.checkpoint("resnext_small"), "-o", "/nowhere/at/all.swt"], .outputFailed,
      "the folder /nowhere/at does not exist"),
    Mistake(
      "an output that is the input", ["convert", "SHORT", "-o", "SHORT", "--force"], .outputFailed, "input"),
  ]

  @Test(arguments: mistakes)
  func `a mistake is one line, the right code, and nothing left behind`(mistake: Mistake) throws {
    let folder = try TemporaryFolder()
    let output = folder.file("out.swt")
    let model = folder.file("model.swt")
    Tool("convert", Fixture.checkpoint("resnext_small"), "-o", model)
    let text = try TemporaryFile(Array("just some words\n".utf8))
    let whole = try readFile(Fixture.checkpoint("resnext_small"))
    let short = try TemporaryFile(Array(whole[..<50_000]))
    let empty = try TemporaryFolder()
    try writeFile(empty.file("notes.txt"), Array("just some words\n".utf8))
    let places = [
      "OUT": output, "MODEL": model, "TEXT": text.path, "SHORT": short.path, "FOLDER": empty.path,
    ]
    let words = mistake.words.map { places[$0] ?? $0 }
    let tool = Tool(words)
    #expect(tool.status == mistake.status, "\(tool.errors)")
    #expect(tool.errors.contains(mistake.says), "\(tool.errors)")
    #expect(tool.errors.hasPrefix("pth2swt: "))
    #expect(tool.errors.split(separator: "\n").count == 1)
    #expect(tool.output.isEmpty)
    #expect(try folder.names() == ["model.swt"])

    let json = Tool(words + ["--json"])
    #expect(json.status == mistake.status)
    #expect(json.output.isEmpty)
    let document = try JSONValue.parse(Array(json.errors.utf8))
    #expect(document["schema"]?.string == "pth2swt.error/1")
    #expect(document["code"]?.int == Int(mistake.status.rawValue))
  }

  @Test func `options may come anywhere, and two dashes end them`() throws {
    let folder = try TemporaryFolder()
    let words = ["convert", "--output=\(folder.file("a.swt"))", "--", Fixture.checkpoint("resnext_small")]
    #expect(Tool(words).status == .success)
    let file = try TemporaryFile(try readFile(Fixture.checkpoint("parameter")), name: "--odd.pth")
    #expect(Tool("inspect", "--json", "--", file.path).status == .success)
  }

  @Test func `bisect codes tell what cannot be tested`() {
    #expect(Tool("verify", "/nowhere.swt", "--bisect-codes").status == .bisectSkip)
  }

  @Test func `the published comparison is printed`() {
    let tool = Tool("arch", "resnext50_32x4d", "--compare", "resnet50")
    #expect(tool.status == .success)
    for figure in ["25.0 M", "25.6 M", "4.2 G", "4.1 G", "2.00×"] { #expect(tool.output.contains(figure)) }
  }
}
