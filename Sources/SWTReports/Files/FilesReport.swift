internal import SWTConsole
package import SWTTensorFiles

/// What a command found about each of several files, for every format of reports.
package struct FilesReport: Sendable {
  package enum Verdict: String, Sendable {
    case pass
    /// Something was checked and is wrong.
    case fail
    /// Nothing could be checked or done.
    case error
    case skipped
  }

  /// A check of a file.
  package struct Case: Sendable {
    package let name: String
    package let verdict: Verdict
    package let message: String

    package init(_ name: String, _ verdict: Verdict, _ message: String) {
      (self.name, self.verdict, self.message) = (name, verdict, message)
    }
  }

  /// A file.
  package struct Entry: Sendable {
    package let file: String
    package let verdict: Verdict
    /// One line: what was done, or the reason for a failure.
    package let message: String
    /// The exit status that the file alone would have.
    package let code: Int
    /// The checks; empty if the file is a check itself.
    package var cases: [Case] = []
    /// Warnings and notes.
    package var remarks: [String] = []

    package init(_ file: String, _ verdict: Verdict, _ message: String, code: Int) {
      (self.file, self.verdict, self.message, self.code) = (file, verdict, message, code)
    }

    var allCases: [Case] { cases.isEmpty ? [Case(file, verdict, message)] : cases }
  }

  /// The name of the command.
  package let command: String
  package let entries: [Entry]
  /// The text for people, and the document for programs.
  package let text: String
  package let json: JSONValue

  package init(_ command: String, _ entries: [Entry], text: String, json: JSONValue) {
    (self.command, self.entries, self.text, self.json) = (command, entries, text, json)
  }

  package var passes: Bool { entries.allSatisfy { $0.verdict == .pass || $0.verdict == .skipped } }

  func count(_ verdict: Verdict) -> Int { entries.count { $0.verdict == verdict } }

  /// `3 files: 1 pass, 1 fail, 1 skipped`.
  var headline: String {
    let counts = [Verdict.pass, .fail, .error, .skipped].filter { count($0) > 0 }.map { verdict in
      "\(count(verdict)) \(verdict.rawValue)"
    }
    return "\(entries.count) \(entries.count == 1 ? "file" : "files"): \(counts.joined(separator: ", "))"
  }

  /// The report in a format, with a newline at the end.
  package func rendered(_ format: ReportFormat) -> String {
    switch format {
    case .text: text
    case .json: json.text(pretty: true) + "\n"
    case .jsonl: jsonLines
    case .junit: junit
    case .tap: tap
    case .github: annotations
    case .markdown: markdown
    case .html: html
    }
  }

  private var jsonLines: String {
    let lines: [JSONValue] = entries.map { entry in
      [
        "schema": "pth2swt.files-line/1", "event": "file", "command": .string(command),
        "file": .string(entry.file), "verdict": .string(entry.verdict.rawValue),
        "message": .string(Text.printable(entry.message, limit: 4000)), "exit": .int(entry.code),
      ]
    }
    let summary: JSONValue = [
      "schema": "pth2swt.files-line/1", "event": "summary", "command": .string(command),
      "verdict": passes ? "pass" : "fail", "files": .int(entries.count), "passed": .int(count(.pass)),
      "failed": .int(count(.fail)), "errors": .int(count(.error)), "skipped": .int(count(.skipped)),
    ]
    return (lines + [summary]).map { $0.text() + "\n" }.joined()
  }
}
