internal import SWTTensorFiles

/// The forms in which a verification can be told.
public enum ReportFormat: String, CaseIterable, Sendable {
  case text, json, jsonl, junit, tap, github, markdown, html
}

/// A verification and what was said around it: everything that a report shows.
///
/// Rendering is a pure function of this value: the same verification gives the same bytes, wherever and
/// whenever. There is no clock in it; times are shown only where the caller puts them in.
public struct ReportDocument: Sendable {
  public var report: VerificationReport
  /// Version of the program.
  public var version: String
  /// Growth since an older report, when one was given.
  public var drift: Drift?
  /// Goldens that this run made, and others that it left for review: one sentence each.
  public var notes: [String] = []
  /// How long the verification took, when that was asked for.
  public var seconds: Double?
  /// Seconds since 1970 for forms that want a time: `SOURCE_DATE_EPOCH`.
  public var timestamp: Int?

  public init(_ report: VerificationReport, version: String) {
    self.report = report
    self.version = version
  }

  /// The whole report in one form, with a newline at its end.
  public func rendered(_ format: ReportFormat) -> String {
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
public struct ReportFailure: Sendable {
  public let model: String
  public let code: Int
  public let message: String

  public init(model: String, code: Int, message: String) {
    self.model = model
    self.code = code
    self.message = message
  }

  /// The failure in one form; `nil` for JSON and text, whose errors go to standard error.
  public func rendered(_ format: ReportFormat) -> String? {
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
