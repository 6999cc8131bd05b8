import SWTBytes
internal import SWTConsole
import TestSupport
import Testing

/// What is printed at a terminal fits it; only words that cannot be broken, such as paths, are wider.
@Suite struct TerminalWidthTests {
  static let checkpoint = Fixture.checkpoint("resnext_small")

  /// The lines of a session at 80 columns, without colors, that are wider and more than a single word.
  private func wideLines(_ words: [String]) -> [String] {
    Tool(words, environment: ["NO_COLOR": "1"], columns: 80).output.split(separator: "\n")
      .filter { Text.width($0) > 80 && $0.split(separator: " ").count > 1 }.map(String.init)
  }

  @Test func `every report fits a terminal of 80 columns`() throws {
    let folder = try TemporaryFolder()
    let (model, half) = (folder.file("small.swt"), folder.file("half.swt"))
    let goldens = [
      Fixture.golden("resnext_small"), Fixture.golden("resnext_small", "odd-65x63"),
    ]
    #expect(wideLines(["convert", Self.checkpoint, "-o", model]) == [])
    #expect(wideLines(["convert", Self.checkpoint, "-o", half, "--precision", "f16"]) == [])
    #expect(wideLines(["convert", model, half, "-o", folder.file("several")]) == [])
    let commands: [[String]] = [
      ["verify", model] + goldens, ["verify", half, "--source", Self.checkpoint] + goldens,
      ["check", model], ["check", model, half], ["inspect", model], ["inspect", model, "--tensors"],
      ["inspect", Self.checkpoint, "--tensors", "--hash"], ["diff", model, half],
      ["diff", model, Fixture.checkpoint("resnext_deep")], ["arch", "resnet50"],
      ["golden", "show"] + goldens,
    ]
    for words in commands { #expect(wideLines(words) == [], "\(words[0])") }
  }

  @Test func `judge and evaluate fit a terminal of 80 columns`() throws {
    let folder = try TemporaryFolder()
    let (model, wrong) = (folder.file("small.swt"), folder.file("wrong.swt"))
    let golden = Fixture.golden("resnext_small")
    Tool("convert", Self.checkpoint, "-o", model)
    Tool("convert", Self.checkpoint, "-o", wrong, "--bn-eps", "1e-3")
    let taps = "conv1,maxpool,layer1.0,layer2.0,layer3.0,layer4.0,avgpool,fc"
    for file in [model, wrong] {
      let outputs = folder.file("out.npz")
      #expect(
        Tool("run", file, golden, "--input", "input", "-o", outputs, "--force", "--taps", taps).status
          == .success)
      #expect(wideLines(["judge", model, golden, "--outputs", outputs, "--engine", "AnEngine"]) == [])
    }
    let photos = folder.file("photos.tsv")
    try writeFile(photos, Array("\(Fixtures.path("images/landscape.jpg"))\t3\n".utf8))
    #expect(wideLines(["evaluate", wrong, photos, "--against", model]) == [])
  }

  @Test func `a table that is too wide loses a column before its rows are broken`() throws {
    let folder = try TemporaryFolder()
    let model = folder.file("small.swt")
    Tool("convert", Self.checkpoint, "-o", model)
    let words = ["verify", model, Fixture.golden("resnext_small")]
    func row(_ columns: Int) -> [Substring]? {
      Tool(words, environment: ["NO_COLOR": "1"], columns: columns).output.split(separator: "\n")
        .first { $0.hasPrefix(" golden ") }?.split(whereSeparator: \.isWhitespace)
    }
    #expect(row(120) == ["golden", "output", "relL2", "floor", "x", "floor", "top1", "margin", "verdict"])
    #expect(row(80) == ["golden", "output", "relL2", "x", "floor", "top1", "margin", "verdict"])
  }

  @Test func `a pipe gets every line whole`() throws {
    let folder = try TemporaryFolder()
    let model = folder.file("small.swt")
    #expect(Tool("convert", Self.checkpoint, "-o", model).output.contains("  assumed     stem 7x7/2/3, pool"))
    let heading = Tool("verify", model, Fixture.golden("resnext_small")).output.split(separator: "\n")
      .first { $0.contains("relL2") }
    #expect(heading?.hasSuffix("verdict") == true)
  }

  @Test func `a folded table keeps its words and their order`() throws {
    let folder = try TemporaryFolder()
    let model = folder.file("small.swt")
    Tool("convert", Self.checkpoint, "-o", model)
    let words = ["diff", model, Fixture.checkpoint("resnext_deep")]
    let narrow = Tool(words, environment: ["NO_COLOR": "1"], columns: 80).output
    let wide = Tool(words, environment: ["NO_COLOR": "1"], columns: 400).output
    #expect(narrow != wide)
    #expect(narrow.split(whereSeparator: \.isWhitespace) == wide.split(whereSeparator: \.isWhitespace))
  }
}
