internal import SWTBytes
internal import SWTConsole
internal import SWTTensorFiles

// The formats of CI systems: JUnit, TAP, annotations, Markdown. What they limit is said at the reports of one
// verification.

extension FilesReport {
  /// One suite for all files, or one per file if files have several checks.
  var junit: String {
    let hasSuites = entries.contains { !$0.cases.isEmpty }
    let suites = hasSuites ? entries.map { [$0] } : [entries]
    let all = entries.flatMap(\.allCases)
    var xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    xml += "<testsuites name=\"pth2swt \(command)\" \(Self.counts(all))>\n"
    for suite in suites {
      let name = "pth2swt.\(command)" + (hasSuites ? ".\(suite[0].file)" : "")
      let cases = suite.flatMap(\.allCases)
      let skipped = cases.count { $0.verdict == .skipped }
      xml += "  <testsuite name=\"\(XMLText.escaped(name))\" \(Self.counts(cases)) skipped=\"\(skipped)\">\n"
      for entry in suite { for item in entry.allCases { xml += Self.testCase(item, name, entry.remarks) } }
      xml += "  </testsuite>\n"
    }
    return xml + "</testsuites>\n"
  }

  private static func counts(_ cases: [Case]) -> String {
    let failures = cases.count { $0.verdict == .fail }
    return
      "tests=\"\(cases.count)\" failures=\"\(failures)\" errors=\"\(cases.count { $0.verdict == .error })\""
  }

  private static func testCase(_ item: Case, _ suite: String, _ remarks: [String]) -> String {
    let message = XMLText.escaped(Text.printable(item.message, limit: 4000))
    var xml =
      "    <testcase classname=\"\(XMLText.escaped(suite))\" name=\"\(XMLText.escaped(item.name))\">\n"
    switch item.verdict {
    case .pass: xml += "      <system-out>\(message)</system-out>\n"
    case .skipped: xml += "      <skipped message=\"\(message)\"></skipped>\n"
    case .fail: xml += "      <failure type=\"fail\" message=\"\(message)\"></failure>\n"
    case .error: xml += "      <error type=\"error\" message=\"\(message)\"></error>\n"
    }
    if !remarks.isEmpty {
      let text = remarks.map { Text.printable($0, limit: 4000) }.joined(separator: "\n")
      xml += "      <system-err>\(XMLText.lines(text))</system-err>\n"
    }
    return xml + "    </testcase>\n"
  }

  var tap: String {
    let cases = entries.flatMap { entry in
      entry.allCases.map { item in (item.name == entry.file ? item.name : "\(entry.file) \(item.name)", item)
      }
    }
    var text = "TAP version 14\n1..\(cases.count)\n"
    for (number, (name, item)) in cases.enumerated() {
      let isGood = item.verdict == .pass || item.verdict == .skipped
      text += "\(isGood ? "ok" : "not ok") \(number + 1) - \(TAPReport.description(name))"
      text += item.verdict == .skipped ? " # SKIP \(TAPReport.line(item.message))\n" : "\n"
      if item.verdict != .skipped { text += "  ---\n  message: \(TAPReport.quoted(item.message))\n  ...\n" }
    }
    return text + "# \(TAPReport.line("\(command) \(headline)"))\n"
  }

  /// At most ten are shown by GitHub.
  var annotations: String {
    let bad = entries.filter { $0.verdict == .fail || $0.verdict == .error }
    let shown = bad.count > 10 ? bad.prefix(9) : bad[...]
    var text = shown.map { GitHubReport.line("error", $0.file, $0.message, command: command) }.joined()
    if let next = bad.dropFirst(shown.count).first {
      text += GitHubReport.line(
        "error", next.file, "and \(bad.count - shown.count) files in all: see the step's summary",
        command: command)
    }
    return text + "\(command) \(headline)\n"
  }

  var markdown: String {
    var text = "### \(passes ? "✅" : "❌") pth2swt \(command): \(headline)\n\n"
    text += "| file | result | |\n|---|---|---|\n"
    for entry in entries {
      let word = entry.verdict == .pass ? "pass" : entry.verdict == .skipped ? "skipped" : "**FAIL**"
      text += "| \(MarkdownReport.code(entry.file)) | \(word) | \(MarkdownReport.plain(entry.message)) |\n"
    }
    for entry in entries {
      for remark in entry.remarks {
        text += "\n- \(MarkdownReport.code(entry.file)): \(MarkdownReport.plain(remark))"
      }
    }
    return text + (entries.contains { !$0.remarks.isEmpty } ? "\n" : "")
  }

  var html: String {
    let rows = entries.map { entry -> [String] in
      let isGood = entry.verdict == .pass || entry.verdict == .skipped
      let remarks = entry.remarks.map {
        "<br><span class=\"soft\">\(HTMLText.prose(Text.printable($0, limit: 400)))</span>"
      }
      return [
        HTMLText.untrusted(entry.file), HTMLText.verdict(isGood, entry.verdict.rawValue),
        HTMLText.prose(Text.printable(entry.message, limit: 4000)) + remarks.joined(),
      ]
    }
    var body =
      "<div class=\"verdict\(passes ? "" : " failed")\">\n<p class=\"eyebrow\">pth2swt \(command)</p>\n"
    body += "<h1>\(headline)</h1>\n</div>\n"
    body += HTMLText.section(id: "files", "Files", HTMLText.table("Files", ["File", "Result", ""], rows))
    return HTMLPage.text(title: "pth2swt \(command)", body: body, data: json.text())
  }
}
