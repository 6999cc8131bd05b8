internal import SWTTensorFiles
package import SWTVerification

/// The forms in which a verification can be told.
package enum ReportFormat: String, CaseIterable, Sendable {
  /// For people, on a terminal.
  case text
  /// All of it as one document, `pth2swt.verify/1`.
  case json
  /// One JSON object for each finding.
  case jsonl
  /// XML for Jenkins, GitLab and others.
  case junit
  /// TAP version 14.
  case tap
  /// Annotations for GitHub Actions.
  case github
  /// Tables for pull requests.
  case markdown
  /// One page with pictures that needs nothing else.
  case html
}

/// A verification and what was said around it: everything that a report shows.
///
/// Rendering is a pure function of this value: the same verification gives the same bytes, wherever and
/// whenever. There is no clock in it; times are shown only where the caller puts them in.
package struct ReportDocument: Sendable {
  /// What verification found out.
  package var report: VerificationReport
  /// Version of the program.
  package var version: String
  /// Growth since an older report, when one was given.
  package var drift: Drift?
  /// Goldens that this run made, and others that it left for review: one sentence each.
  package var notes: [String] = []
  /// How long the verification took, when that was asked for.
  package var seconds: Double?
  /// Seconds since 1970 for forms that want a time: `SOURCE_DATE_EPOCH`.
  package var timestamp: Int?

  /// A document of `report`, by a program of that version.
  package init(_ report: VerificationReport, version: String) {
    self.report = report
    self.version = version
  }

  /// The whole report in one form, with a newline at its end.
  package func rendered(_ format: ReportFormat) -> String {
    switch format {
    case .text: TextReport.text(self)
    case .json: json.text(pretty: true) + "\n"
    case .jsonl: JSONLinesReport.text(self)
    case .junit: JUnitReport.text(self)
    case .tap: TAPReport.text(self)
    case .github: GitHubReport.annotations(self)
    case .markdown: MarkdownReport.text(self)
    case .html: HTMLReport.text(self)
    }
  }

  /// One line: the verdict and the class.
  var headline: String {
    let kind = report.errorClass.map { ": \($0)" } ?? ""
    return "\(report.passes ? "pass" : "FAIL") (\(report.verdictClass.rawValue)\(kind))"
  }
}

/// Why nothing could be verified, for the forms that a CI system reads: the file, the reason, what to do.
package struct ReportFailure: Sendable {
  /// The model's path, as it was given.
  package let model: String
  /// The exit status: 2 to 6.
  package let code: Int
  /// What is wrong, and what to do.
  package let message: String

  /// A failure for reports.
  package init(model: String, code: Int, message: String) {
    self.model = model
    self.code = code
    self.message = message
  }

  /// The failure in one form; `nil` for JSON and text, whose errors go to standard error.
  package func rendered(_ format: ReportFormat) -> String? {
    switch format {
    case .text, .json: nil
    case .jsonl: JSONLinesReport.text(self)
    case .junit: JUnitReport.text(self)
    case .tap: TAPReport.text(self)
    case .github: GitHubReport.annotations(self)
    case .markdown: MarkdownReport.text(self)
    case .html: HTMLReport.text(self)
    }
  }
}
