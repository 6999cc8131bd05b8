internal import SWTTensorFiles
internal import SWTVerification

/// One JSON object per line: `case` for each check, `finding` for each finding, and `summary` at the end.
enum JSONLinesReport {
  private static let schema: JSONValue = "pth2swt.verify-line/1"

  static func text(_ document: ReportDocument) -> String {
    let report = document.report
    let schema: JSONValue = .string("pth2swt.\(report.command)-line/1")
    var lines = report.checks.map { check -> JSONValue in
      let numbers = check.properties.map { JSONMember($0.key, value($0.value)) }
      return .object(
        [
          JSONMember("schema", schema), JSONMember("event", "case"),
          JSONMember("golden", check.golden.map { .string($0) } ?? .null),
          JSONMember("name", .string(check.name)), JSONMember("verdict", check.passes ? "pass" : "fail"),
          JSONMember("message", .string(check.message)),
        ] + numbers)
    }
    for golden in report.goldens {
      for finding in golden.findings {
        lines.append([
          "schema": schema, "event": "finding", "golden": .string(golden.name), "kind": .string(finding.kind),
          "message": .string(finding.text),
        ])
      }
    }
    for change in document.drift?.drifting ?? [] {
      lines.append([
        "schema": schema, "event": "drift", "golden": .string(change.golden),
        "output": .string(change.output),
        "before": .double(change.before), "now": .double(change.now), "growth": .double(change.growth),
      ])
    }
    if let mutation = report.mutation {
      lines.append([
        "schema": schema, "event": "mutation", "tried": .int(mutation.tried), "caught": .int(mutation.caught),
        "score": .double(mutation.score), "blind_layers": .array(mutation.blindLayers.map { .string($0) }),
      ])
    }
    let failed = report.checks.count { !$0.passes }
    lines.append([
      "schema": schema, "event": "summary", "model": .string(report.model),
      "verdict": report.passes ? "pass" : "fail", "class": .string(report.className),
      "passed": .int(report.checks.count - failed), "failed": .int(failed),
    ])
    return lines.map { $0.text() + "\n" }.joined()
  }

  static func text(_ failure: ReportFailure) -> String {
    let line: JSONValue = [
      "schema": schema, "event": "error", "model": .string(failure.model), "code": .int(failure.code),
      "message": .string(failure.message),
    ]
    return line.text() + "\n"
  }

  /// Numbers and Booleans become JSON numbers and Booleans.
  private static func value(_ text: String) -> JSONValue {
    if text == "true" || text == "false" { return .bool(text == "true") }
    if let integer = Int(text) { return .int(integer) }
    return Double(text).map { .double($0) } ?? .string(text)
  }
}
