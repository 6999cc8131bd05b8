internal import SWTConsole
package import SWTTensorFiles
internal import SWTVerification

/// The verification of one of several weight files.
package struct VerifiedFile: Sendable {
  package let entry: FilesReport.Entry
  package let json: JSONValue
  /// One line for a file that passes, else the whole report.
  package let text: String

  /// A file that was verified.
  ///
  /// - Parameters:
  ///   - document: The report.
  ///   - code: The exit status of the file.
  package init(_ document: ReportDocument, code: Int) {
    let report = document.report
    let cases = report.checks.map { check in
      FilesReport.Case(check.name, check.passes ? .pass : .fail, check.message)
    }
    let line = "\(document.headline), \(cases.count) \(cases.count == 1 ? "check" : "checks")"
    let reason = report.checks.first { !$0.passes }.map { ": \($0.name): \($0.message)" } ?? ""
    var entry = FilesReport.Entry(report.model, code == 0 ? .pass : .fail, line + reason, code: code)
    entry.cases = cases
    entry.remarks = document.notes
    self.entry = entry
    let members = document.json.members ?? []
    json = .object(members.filter { $0.key != "schema" } + [JSONMember("exit", .int(code))])
    text = code == 0 ? "\(report.model): \(line)\n" : document.rendered(.text)
  }

  /// A file that could not be verified.
  ///
  /// - Parameters:
  ///   - failure: The reason.
  ///   - error: The same for programs.
  package init(_ failure: ReportFailure, error: JSONValue) {
    entry = FilesReport.Entry(failure.model, .error, failure.message, code: failure.code)
    json = [
      "model": .string(failure.model), "verdict": "error", "error": error, "exit": .int(failure.code),
    ]
    text = "\(failure.model): not verified: \(Text.printable(failure.message, limit: 2000))\n"
  }
}

extension FilesReport {
  /// The verification of several files; `pth2swt.verify-files/1` for programs.
  package init(verified files: [VerifiedFile]) {
    let entries = files.map(\.entry)
    func count(_ verdict: Verdict) -> Int { entries.count { $0.verdict == verdict } }
    let passed = count(.pass)
    let json: JSONValue = [
      "schema": "pth2swt.verify-files/1", "verdict": passed == entries.count ? "pass" : "fail",
      "files": .array(files.map(\.json)),
      "summary": [
        "files": .int(entries.count), "passed": .int(passed), "failed": .int(count(.fail)),
        "errors": .int(count(.error)), "exit": .int(entries.map(\.code).max() ?? 0),
      ],
    ]
    self.init("verify", entries, text: "", json: json)
    let text = files.map(\.text).joined() + headline + "\n"
    self = FilesReport("verify", entries, text: text, json: json)
  }
}
