internal import SWTTensorFiles
package import SWTVerification

/// The formats of a verification report.
package enum ReportFormat: String, CaseIterable, Sendable {
  /// For people, on a terminal.
  case text
  /// Everything in one document, `pth2swt.verify/1`.
  case json
  /// One JSON object per check and finding.
  case jsonl
  /// XML for Jenkins, GitLab and others.
  case junit
  /// TAP version 14.
  case tap
  /// Annotations for GitHub Actions.
  case github
  /// Tables for pull requests.
  case markdown
  /// A self-contained page with figures.
  case html
}

/// A verification and its context: everything that a report shows.
///
/// Rendering is a pure function of this value: the same verification always gives the same bytes. It reads no
/// clock; times appear only if the caller sets them.
package struct ReportDocument: Sendable {
  /// The result of verification.
  package var report: VerificationReport
  /// Version of the program.
  package var version: String
  /// Growth since an older report, if one was given.
  package var drift: Drift?
  /// A sentence for each golden that this run made, changed or wrote for review.
  package var notes: [String] = []
  /// Duration of the verification, if requested.
  package var seconds: Double?
  /// Columns of the terminal that the text is for; nil if its lines may have any length.
  package var width: Int?
  /// Seconds since 1970 (`SOURCE_DATE_EPOCH`), for formats with a timestamp.
  package var timestamp: Int?

  /// A document of `report`, by the given version of the program.
  package init(_ report: VerificationReport, version: String) {
    self.report = report
    self.version = version
  }

  /// The whole report in one format, with a newline at the end.
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
  package var headline: String {
    let size = report.judgement?.basis == .size ? " by size alone" : nil
    let kind = report.errorClass.map { ": \($0)" } ?? size ?? ""
    let others = report.judgement?.otherClasses.map { " or \($0.rawValue)" }.joined() ?? ""
    return "\(report.passes ? "pass" : "FAIL") (\(report.className)\(others)\(kind))"
  }
}

/// Why nothing could be verified, for the formats that CI systems read: the file, the reason, what to do.
package struct ReportFailure: Sendable {
  /// The model's path, as given.
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

  /// The failure in one format; nil for JSON and text, whose errors go to standard error.
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
