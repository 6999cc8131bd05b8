internal import SWTConsole
internal import SWTTensorFiles
internal import SWTVerification

/// The Test Anything Protocol, version 14: one line per check, followed by its numbers in a YAML block.
///
/// Source: testanything.org/tap-version-14-specification.html.
enum TAPReport {
  static func text(_ document: ReportDocument) -> String {
    let report = document.report
    let checks = report.checks
    var text = "TAP version 14\n1..\(checks.count)\n"
    text += comment("\(report.command) \(report.model): \(document.headline)")
    for (number, check) in checks.enumerated() {
      text += "\(check.passes ? "ok" : "not ok") \(number + 1) - \(description(check.name))\n"
      text += "  ---\n  message: \(quoted(check.message))\n"
      for (key, value) in check.properties { text += "  \(key): \(yaml(value))\n" }
      text += "  ...\n"
    }
    for golden in report.goldens {
      for finding in golden.findings { text += comment("\(golden.name): \(finding.text)") }
    }
    if let mutation = report.mutation { text += comment("mutation: \(mutation.sentence)") }
    for change in document.drift?.drifting ?? [] { text += comment("drift: \(change.sentence)") }
    for note in document.notes { text += comment(note) }
    return text
  }

  static func text(_ failure: ReportFailure) -> String {
    "TAP version 14\nBail out! \(line("\(failure.model): \(failure.message)"))\n"
  }

  private static func comment(_ text: String) -> String { "# \(line(text))\n" }

  /// A description is a single line; `#` would start a directive.
  static func description(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in line(text).unicodeScalars {
      if scalar == "\\" || scalar == "#" { result.append("\\") }
      result.append(scalar)
    }
    return String(result)
  }

  static func line(_ text: String) -> String {
    String(text.unicodeScalars.map { Text.isControl($0) ? " " : Character($0) })
  }

  /// Text as a JSON string, which is also a YAML string.
  static func quoted(_ text: String) -> String { JSONValue.string(line(text)).text() }

  private static func yaml(_ value: String) -> String {
    switch value {
    case "nan": ".nan"
    case "inf": ".inf"
    case "-inf": "-.inf"
    default: Double(value) != nil || value == "true" || value == "false" ? value : quoted(value)
    }
  }
}
