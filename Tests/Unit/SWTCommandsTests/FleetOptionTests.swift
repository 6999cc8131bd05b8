import SWTBytes
internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

/// What CI needs of a conversion of many files.
@Suite struct FleetOptionTests {
  private let input: TemporaryFolder
  private let output: TemporaryFolder

  init() throws {
    (input, output) = (try TemporaryFolder(), try TemporaryFolder())
    for name in ["resnext_small", "resnext_deep"] {
      try writeFile(input.file("\(name).pth"), readFile(Fixture.checkpoint(name)))
    }
  }

  /// A state dict with the names of another network.
  private func addStranger() throws {
    let header = #"{"encoder.layer.0.weight":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
    let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    let size = (0..<8).map { UInt8(truncatingIfNeeded: padded.utf8.count >> (8 * $0)) }
    try writeFile(input.file("vit.safetensors"), size + Array(padded.utf8) + [UInt8](repeating: 0, count: 8))
  }

  @Test func `networks that are not known are no failures if they may be skipped`() throws {
    try addStranger()
    #expect(Tool("convert", input.path, "-o", output.path).status == .weightsDiffer)
    let tool = Tool("convert", input.path, "-o", output.path, "--skip-unknown", "--json")
    #expect(tool.status == .success && tool.errors == "", "\(tool.errors)")
    let document = try tool.json()
    #expect(document["summary"]?["skipped"]?.int == 1 && document["summary"]?["failed"]?.int == 0)
    let skipped = document["files"]?.array?.first { $0["status"]?.string == "skipped" }
    #expect(skipped?["reason"]?.string?.contains("not a known ResNet") == true)
    // A damaged file stays a failure.
    try writeFile(input.file("cut.pth"), Array(readFile(Fixture.checkpoint("resnext_small")).prefix(5000)))
    #expect(Tool("convert", input.path, "-o", output.path, "--skip-unknown").status == .inputUnreadable)
  }

  @Test(arguments: [
    ("*.pth", 0), ("resnext_d*", 1), ("resnext_deep.pth", 1), ("resnext_[ds]*", 0), ("nothing", 2),
  ])
  func `what matches a pattern is left out`(_ pattern: String, _ count: Int) throws {
    let tool = Tool("convert", input.path, "-o", output.path, "--exclude", pattern, "--json")
    if count == 0 {
      #expect(tool.status == .inputUnreadable)
      return
    }
    let summary = try tool.json()["summary"]
    #expect(tool.status == .success && summary?["converted"]?.int == count)
    #expect(summary?["excluded"]?.int == 2 - count)
  }

  @Test func `a dry run says what would happen, and writes nothing`() throws {
    try addStranger()
    let dry = Tool("convert", input.path, "-o", output.file("deep/new"), "--dry-run", "--json")
    #expect(dry.status == .weightsDiffer)
    let files = try #require(try dry.json()["files"]?.array)
    #expect(files.map { $0["status"]?.string } == ["planned", "planned", "failed"])
    #expect(files[0]["architecture"]?.string?.hasPrefix("resnext") == true)
    #expect(try output.names() == [])
    let shown = Tool("convert", input.path, "-o", output.path, "--dry-run", "--skip-unknown")
    #expect(
      shown.output.contains("resnext_small.swt: would be converted from \(input.path)/resnext_small.pth"))
    #expect(shown.output.contains("3 inputs: 2 would be converted, 0 up to date, 0 failed, 1 of unknown"))
    Tool("convert", input.path, "-o", output.path, "--skip-unknown")
    let again = Tool("convert", input.path, "-o", output.path, "--skip-unknown", "--dry-run")
    #expect(again.output.contains("0 converted, 2 up to date"))
    // One file, too, and one that exists and is another.
    let one = Tool(
      "convert", input.file("resnext_deep.pth"), "-o", output.file("resnext_small.swt"), "--dry-run")
    #expect(one.status == .outputFailed && one.errors.contains("the file exists"))
  }

  @Test func `a folder shows warnings and what was left out, as a single file does`() throws {
    try writeFile(
      input.file("resnext_small-00000000.pth"), readFile(Fixture.checkpoint("resnext_small")))
    let tool = Tool("convert", input.path, "-o", output.path)
    #expect(tool.output.contains("  warning: its SHA-256 starts with"))
    #expect(tool.output.contains("  note: fc has 10 classes"))
  }

  @Test func `reports are written in every format, also for failures`() throws {
    try writeFile(input.file("cut.pth"), Array("no checkpoint".utf8))
    try addStranger()
    let formats = ["json", "jsonl", "junit", "tap", "github", "markdown", "html", "text"]
    let tool = Tool(
      ["convert", input.path, "-o", output.path, "--skip-unknown"]
        + formats.flatMap { ["--format", "\($0)=\(output.file("r.\($0)"))"] })
    #expect(tool.status == .inputUnreadable)
    func text(_ format: String) throws -> String {
      String(decoding: try readFile(output.file("r.\(format)")), as: UTF8.self)
    }
    let junit = try text("junit")
    #expect(junit.contains("<testsuites name=\"pth2swt convert\" tests=\"4\" failures=\"1\" errors=\"0\">"))
    #expect(junit.contains("skipped=\"1\"") && junit.contains("name=\"\(input.path)/cut.pth\""))
    #expect(junit.contains("<failure type=\"fail\" message=\"\(input.path)/cut.pth: "))
    #expect(try text("json").contains("pth2swt.convert-fleet/1"))
    #expect(try text("jsonl").split(separator: "\n").count == 5)
    #expect(try text("tap").hasPrefix("TAP version 14\n1..4\n") && text("tap").contains("# SKIP not a known"))
    #expect(try text("github").contains("::error file=\(input.path)/cut.pth,title=pth2swt convert::"))
    #expect(try text("markdown").hasPrefix("### ❌ pth2swt convert: 4 files: 2 pass, 1 fail, 1 skipped"))
    #expect(try text("html").contains("<h1>4 files: 2 pass, 1 fail, 1 skipped</h1>"))
    #expect(try text("text").contains("4 inputs: 2 converted"))
    // No report replaces an input.
    let input0 = input.file("resnext_deep.pth")
    let before = try readFile(input0)
    #expect(
      Tool("convert", input.path, "-o", output.path, "--format", "junit=\(input0)").status == .outputFailed)
    #expect(try readFile(input0) == before)
  }
}
