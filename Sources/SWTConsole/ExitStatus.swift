/// Exit codes, which callers rely on.
package enum ExitStatus: Int32, CaseIterable, Sendable, Comparable {
  /// Done, or everything passed.
  case success = 0
  /// Verification failed: values, labels or NaN.
  case verificationFailed = 1
  case usage = 2
  /// The weights do not fit the architecture, or differ from their source or from those that a golden
  /// records.
  case weightsDiffer = 3
  /// A golden is unusable or belongs to another model.
  case goldenUnusable = 4
  /// An input is unreadable: damaged, hostile, unsupported, missing.
  case inputUnreadable = 5
  /// The output could not be written, or exists already.
  case outputFailed = 6
  /// A bug in pth2swt.
  case internalError = 70
  case interrupted = 130
  /// "Cannot test this commit", for `git bisect run`.
  case bisectSkip = 125

  package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

  /// Description for the manual page.
  package var meaning: String {
    switch self {
    case .success: "success; everything passed"
    case .verificationFailed: "verification failed: values, labels or NaN"
    case .usage: "the command line is wrong"
    case .weightsDiffer:
      "the weights do not fit the architecture, or differ from their source or from the golden's"
    case .goldenUnusable: "a golden is unusable, or belongs to another model"
    case .inputUnreadable: "an input is unreadable: damaged, hostile, unsupported, missing"
    case .outputFailed: "the output could not be written, or exists already"
    case .internalError: "a bug in pth2swt"
    case .interrupted: "interrupted; nothing was left behind"
    case .bisectSkip: "with --bisect-codes: this commit cannot be tested (instead of 3, 4 and 5)"
    }
  }
}

/// Why a command stopped: one line for people, one JSON object for programs.
package struct CommandFailure: Error, Equatable, Sendable {
  package let status: ExitStatus
  package let file: String?
  package let offset: Int?
  package let message: String
  package let hint: String?

  package init(
    _ status: ExitStatus, file: String? = nil, offset: Int? = nil, _ message: String, hint: String? = nil
  ) {
    self.status = status
    self.file = file
    self.offset = offset
    self.message = message
    self.hint = hint
  }

  /// `model.pth: what is wrong; what to do`, always on one line.
  package var line: String {
    var text = file.map { "\($0): " } ?? ""
    text += message
    if let hint { text += "; \(hint)" }
    return Text.printable(String(text.map { $0.isNewline ? " " : $0 }), limit: 2000)
  }
}
