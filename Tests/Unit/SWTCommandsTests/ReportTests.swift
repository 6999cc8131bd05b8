import PthReader
import SWTBytes
import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

/// The formats of a report, for a model that passes and one that does not.
@Suite struct ReportTests {
  /// A model with embedded goldens: `small`, or the same with the signs of one filter flipped.
  private static func model(_ folder: TemporaryFolder, isDamaged: Bool) throws -> String {
    let model = folder.file(isDamaged ? "bad.swt" : "good.swt")
    var input = Fixture.checkpoint("resnext_small_legacy")
    if isDamaged {
      var bytes = try readFile(input)
      let checkpoint = try PthFile(path: input)
      let tensor = try #require(checkpoint.tensors.first { $0.name == "layer2.0.conv2.weight" })
      let start = try #require(DamageTests.place(of: try checkpoint.bytes(of: tensor), in: bytes))
      for i in stride(from: 3, to: 4 * 36, by: 4) { bytes[start + i] ^= 0x80 }
      input = folder.file("bad.pth")
      try writeFile(input, bytes)
    }
    let converted = Tool(
      "convert", input, "-o", model, "--golden", Fixture.golden("resnext_small"), "--golden",
      Fixture.golden("resnext_small", "odd-65x63"))
    #expect(converted.status == .success, "\(converted.errors)")
    return model
  }

  static let forms = ["text", "json", "jsonl", "junit", "tap", "github", "markdown", "html"]

  @Test(arguments: forms, [false, true])
  func `a report is the same bytes every time`(form: String, isDamaged: Bool) throws {
    let folder = try TemporaryFolder()
    let model = try Self.model(folder, isDamaged: isDamaged)
    let words = ["verify", model, "--no-diagnose", "--format", form]
    let first = Tool(words)
    #expect(first.status == (isDamaged ? .weightsDiffer : .success))
    #expect(!first.output.isEmpty)
    #expect(first.output.hasSuffix("\n"))
    #expect(Tool(words + ["--threads", "1"]).output == first.output)
    // To a file, with the text still on standard output.
    let path = folder.file("report")
    let filed = Tool(["verify", model, "--no-diagnose", "--format", "\(form)=\(path)"])
    #expect(filed.output.contains("verdict: \(isDamaged ? "FAIL" : "pass")"))
    #expect(String(decoding: try readFile(path), as: UTF8.self) == first.output)
  }

  @Test func `several formats at once`() throws {
    let folder = try TemporaryFolder()
    let model = try Self.model(folder, isDamaged: false)
    let words = Self.forms.flatMap { ["--format", "\($0)=\(folder.file("report.\($0)"))"] }
    #expect(Tool(["verify", model] + words).status == .success)
    for form in Self.forms { #expect(try !readFile(folder.file("report.\(form)")).isEmpty, "\(form)") }
    #expect(Tool("verify", model, "--format", "junt").errors.contains("did you mean junit?"))
    #expect(Tool("verify", model, "--format", "json=").status == .usage)
    #expect(Tool("verify", model, "--format", "json=/nowhere/x.json").status == .outputFailed)
  }

  @Test func `JSON Lines name each check and end with a summary`() throws {
    let folder = try TemporaryFolder()
    let output = Tool("verify", try Self.model(folder, isDamaged: true), "--format", "jsonl").output
    let lines = try output.split(separator: "\n").map { try JSONValue.parse(Array($0.utf8)) }
    #expect(lines.allSatisfy { $0["schema"]?.string == "pth2swt.verify-line/1" })
    let failed = lines.filter { $0["event"]?.string == "case" && $0["verdict"]?.string == "fail" }
    #expect(failed.contains { $0["name"]?.string == "image-64/logits" })
    #expect(!failed.contains { $0["name"]?.string == "image-64/layer1.0" })
    #expect(lines.last?["event"]?.string == "summary")
    #expect(lines.last?["failed"]?.int == failed.count)
    #expect(lines.contains { $0["event"]?.string == "finding" && $0["kind"]?.string == "divergence" })
  }

  @Test func `TAP counts its lines and reports what is not ok`() throws {
    let folder = try TemporaryFolder()
    let output = Tool("verify", try Self.model(folder, isDamaged: true), "--format", "tap").output
    let lines = output.split(separator: "\n")
    #expect(lines.first == "TAP version 14")
    let tests = lines.filter { $0.hasPrefix("ok ") || $0.hasPrefix("not ok ") }
    #expect(lines[1] == "1..\(tests.count)")
    #expect(tests.contains { $0.hasPrefix("not ok") && $0.hasSuffix("image-64/logits") })
    #expect(lines.count { $0 == "  ---" } == tests.count && lines.count { $0 == "  ..." } == tests.count)
  }

  @Test func `JUnit has a failure per failed check, and an error if nothing could be tested`()
    throws
  {
    let folder = try TemporaryFolder()
    let model = try Self.model(folder, isDamaged: true)
    let xml = Tool(["verify", model, "--format", "junit"], environment: ["SOURCE_DATE_EPOCH": "1767225599"])
      .output
    let failures = xml.split(separator: "<failure ").count - 1
    #expect(failures > 2)
    #expect(xml.contains("failures=\"\(failures)\" errors=\"0\""))
    #expect(xml.contains("timestamp=\"2025-12-31T23:59:59\""))
    #expect(!xml.contains(" time="))
    #expect(Tool("verify", model, "--format", "junit", "--durations").output.contains(" time=\""))
    let none = Tool(
      "verify", model, "/nowhere.npz", "--format", "junit", "--format", "tap", "--format", "github")
    #expect(none.status == .goldenUnusable)
    #expect(none.output.contains("<error type=\"exit 4\" message=\"/nowhere.npz: no such file"))
    #expect(none.output.contains("Bail out! "))
    #expect(none.output.contains("::error file="))
    #expect(Tool("verify", model, "/nowhere.npz", "--json").output.isEmpty)
  }

  @Test func `GitHub gets few annotations, a summary and outputs`() throws {
    let folder = try TemporaryFolder()
    let model = try Self.model(folder, isDamaged: true)
    let golden = Fixture.golden("resnext_small")
    let environment = [
      "GITHUB_STEP_SUMMARY": folder.file("summary"), "GITHUB_OUTPUT": folder.file("output"),
    ]
    try writeFile(folder.file("summary"), Array("before\n".utf8))
    let many = Array(repeating: golden, count: 14)
    let output = Tool(
      ["verify", model] + many + ["--level", "forward", "--no-diagnose", "--format", "github"],
      environment: environment
    ).output
    let annotations = output.split(separator: "\n").filter { $0.hasPrefix("::") }
    #expect(annotations.count == 10)
    #expect(annotations.last?.contains("and 5 more") == true)
    #expect(annotations[0].hasPrefix("::error file=\(model),title=pth2swt verify::image-64: "))
    let summary = String(decoding: try readFile(folder.file("summary")), as: UTF8.self)
    #expect(summary.hasPrefix("before\n### ❌ "))
    #expect(
      String(decoding: try readFile(folder.file("output")), as: UTF8.self) == "verdict=fail\nclass=wrong\n")
  }

  @Test func `HTML is self-contained and has the report as JSON`() throws {
    let folder = try TemporaryFolder()
    let html = Tool("verify", try Self.model(folder, isDamaged: true), "--format", "html").output
    #expect(html.utf8.count < 500_000)
    for part in ["src=", "href=\"http", "@import", "url(", "<link", "javascript"] {
      #expect(!html.contains(part))
    }
    for part in [
      "role=\"img\"", "<desc", "prefers-color-scheme: dark", "@media print", "first divergence: layer2.0",
    ] {
      #expect(html.contains(part), "\(part)")
    }
    let start = try #require(html.split(separator: "<script type=\"application/json\" id=\"report\">").last)
    let json = try #require(start.split(separator: "</script>").first)
    let document = try JSONValue.parse(Array(json.utf8))
    #expect(document["verdict"]?.string == "fail")
    let picture = document["goldens"]?[0]?["outputs"]?[0]?["picture"]
    #expect(picture?["worst"]?.array?.count == 20)
    #expect(picture?["top_labels"]?[0]?.array?.count == 10)
    for tag in ["svg", "div", "section", "table", "figure", "details", "p", "dl"] {
      let opened = html.split(separator: "<\(tag)>").count + html.split(separator: "<\(tag) ").count
      #expect(opened - 1 == html.split(separator: "</\(tag)>").count, "\(tag)")
    }
  }

  @Test func `a hostile name stays text in every format`() throws {
    let folder = try TemporaryFolder()
    let model = folder.file("m.swt")
    Tool("convert", Fixture.checkpoint("resnext_small"), "-o", model)
    let source = try SafetensorsFile(FileSource(path: Fixture.golden("resnext_small")))
    var metadata = source.metadata
    metadata["name"] = "a<b>&\"'|`*]]>\u{1B}[31m\n::error::x # SKIP \u{202E}"
    let tensors = try source.tensors.map { SafetensorsWriter.Tensor(name: $0.name, try source.data(of: $0)) }
    let golden = folder.file("g.safetensors")
    try writeFile(golden, SafetensorsWriter(metadata: metadata, tensors: tensors, order: .given).bytes())
    for form in Self.forms {
      let tool = Tool("verify", model, golden, "--format", form)
      #expect(tool.status == .success, "\(form) \(tool.errors)")
      #expect(!tool.output.unicodeScalars.contains("\u{1B}"), "\(form)")
      #expect(!tool.output.split(separator: "\n").contains { $0.hasPrefix("::error") }, "\(form)")
      if form == "html" || form == "junit" { #expect(!tool.output.contains("<b>&")) }
      if form == "tap" {
        let tests = tool.output.split(separator: "\n").filter { $0.hasPrefix("ok ") }
        #expect(!tests.contains { $0.contains(" # SKIP") })
      }
    }
  }

  @Test func `growth since an older report is a warning, not a failure`() throws {
    let folder = try TemporaryFolder()
    let model = try Self.model(folder, isDamaged: false)
    let (old, halved) = (folder.file("old.json"), folder.file("halved.json"))
    Tool("verify", model, "--format", "json=\(old)")
    let same = Tool("verify", model, "--baseline", old, "--json")
    #expect(try same.json()["baseline"]?["drifting"]?.array?.isEmpty == true)

    func halve(_ value: JSONValue) -> JSONValue {
      switch value {
      case .array(let list): .array(list.map(halve))
      case .object(let members):
        .object(
          members.map { member in
            let half = member.value.double.map { JSONValue.double($0 / 2) }
            return JSONMember(member.key, member.key == "times_floor" ? half ?? .null : halve(member.value))
          })
      default: value
      }
    }
    try writeFile(halved, Array(halve(try JSONValue.parse(readFile(old))).text().utf8))
    let grown = Tool("verify", model, "--baseline", halved, "--json")
    #expect(grown.status == .success)
    let baseline = try grown.json()["baseline"]
    #expect(baseline?["drifting"]?.array?.contains("image-64/logits") == true)
    #expect(baseline?["changes"]?[0]?["growth"]?.double == 2)
    #expect(Tool("verify", model, "--baseline", halved).output.contains("drift     warning: "))
    #expect(Tool("verify", model, "--baseline", halved, "--format", "github").output.contains("::warning "))
    #expect(Tool("verify", model, "--baseline", model).status == .inputUnreadable)
    #expect(Tool("verify", model, "--baseline", "/nowhere.json").status == .inputUnreadable)
  }
}
