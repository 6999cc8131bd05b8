internal import SWTBytes
internal import SWTConsole
internal import SWTReports
internal import SWTVerification

/// The destinations of a report's formats: `--format NAME[=PATH]`, repeatable.
struct ReportOutputs {
  private let formats: [(format: ReportFormat, path: String?)]
  private let quiet: Bool

  static let names = ReportFormat.allCases.map(\.rawValue)

  /// GitHub's limit for the summary of a step, in bytes.
  private static let summaryLimit = 1 << 20

  init(_ arguments: Arguments) throws(UsageError) {
    quiet = arguments.has("quiet")
    var formats: [(ReportFormat, String?)] = []
    for text in arguments.all("format") {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard let format = ReportFormat(rawValue: parts[0]) else {
        let hint = EditDistance.nearest(to: parts[0], in: Self.names).map { "; did you mean \($0)?" } ?? ""
        let names = Self.names.joined(separator: ", ")
        throw UsageError("--format must be one of \(names), not '\(parts[0])'\(hint)")
      }
      guard parts.count == 1 || !parts[1].isEmpty else {
        throw UsageError("--format \(parts[0])= needs a path")
      }
      formats.append((format, parts.count > 1 ? parts[1] : nil))
    }
    if arguments.has("json"), !formats.contains(where: { $0 == (.json, nil) }) {
      formats.append((.json, nil))
    }
    // If all reports go to files, standard output gets the text.
    if formats.allSatisfy({ $0.1 != nil }) { formats.insert((.text, nil), at: 0) }
    self.formats = formats
  }

  /// Checks that no report replaces an input.
  ///
  /// - Throws: ``CommandFailure`` with exit 6.
  func requireOther(than inputs: [String]) throws(CommandFailure) {
    for (_, path) in formats { try OutputFile.requireOther(path, than: inputs) }
  }

  func write(_ document: ReportDocument, _ console: Console) throws(CommandFailure) {
    for (format, path) in formats {
      if format == .text, path == nil, quiet, document.report.passes { continue }
      if format == .text, path == nil, quiet {
        console.line(Self.colored("\(document.report.model): \(document.headline)", console))
        continue
      }
      var shown = document
      shown.width = path == nil && console.isTerminal ? console.width : nil
      try put(shown.rendered(format), format, path, console)
      guard format == .github else { continue }
      if let summary = console.environment("GITHUB_STEP_SUMMARY"), !summary.isEmpty {
        try OutputFile.append(Array(Self.cut(document.gitHubSummary).utf8), to: summary)
      }
      if let outputs = console.environment("GITHUB_OUTPUT"), !outputs.isEmpty {
        try OutputFile.append(Array(document.gitHubOutputs.utf8), to: outputs)
      }
    }
  }

  /// Writes a report about several files.
  func write(_ report: FilesReport, _ console: Console) throws(CommandFailure) {
    for (format, path) in formats {
      if format == .text, path == nil, quiet, report.passes { continue }
      try put(report.rendered(format), format, path, console)
      guard format == .github else { continue }
      if let summary = console.environment("GITHUB_STEP_SUMMARY"), !summary.isEmpty {
        try OutputFile.append(Array(Self.cut(report.rendered(.markdown)).utf8), to: summary)
      }
      if let outputs = console.environment("GITHUB_OUTPUT"), !outputs.isEmpty {
        try OutputFile.append(Array("verdict=\(report.passes ? "pass" : "fail")\n".utf8), to: outputs)
      }
    }
  }

  /// Writes the reason for a missing result in the machine-readable formats; people get the error message.
  func write(_ failure: ReportFailure, _ console: Console) throws(CommandFailure) {
    for (format, path) in formats {
      guard let text = failure.rendered(format) else { continue }
      try put(text, format, path, console)
    }
  }

  private func put(
    _ text: String, _ format: ReportFormat, _ path: String?, _ console: Console
  ) throws(CommandFailure) {
    if let path {
      try OutputFile.write(Array(text.utf8), to: path, replacing: true)
    } else {
      switch format {
      case .text: console.write(Self.colored(text, console))
      case .markdown, .tap: console.write(text, isFolded: false)
      case .github: console.commands(text)
      default: console.document(text)
      }
    }
  }

  /// The word FAIL in color, on a terminal.
  private static func colored(_ text: String, _ console: Console) -> String {
    guard console.isColorful else { return text }
    let style = TerminalStyle(isColorful: true)
    return text.split(separator: "FAIL", omittingEmptySubsequences: false)
      .joined(separator: style.warning("FAIL"))
  }

  /// Cuts the tables of layers, which come last, from a summary that is too long.
  private static func cut(_ text: String) -> String {
    guard text.utf8.count > summaryLimit, let end = text.range(of: "\n<details>") else { return text }
    return String(text[..<end]) + "\n"
  }
}

extension String {
  /// The position where `other` begins.
  fileprivate func range(of other: String) -> String.Index? {
    indices.first { self[$0...].hasPrefix(other) }
  }
}
