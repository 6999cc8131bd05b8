internal import SWTConsole
internal import SWTVerification

/// Annotations for a step of GitHub Actions.
///
/// GitHub shows at most ten per step, so there is one per failing golden, not one per number; the full table
/// goes to the step's summary. Source: docs.github.com, "Workflow commands for GitHub Actions".
enum GitHubReport {
  private static let limit = 10

  static func annotations(_ document: ReportDocument) -> String {
    let report = document.report
    var found: [(level: String, text: String)] = []
    for (_, weights) in report.ownWeights where !weights.passes { found.append(("error", weights.sentence)) }
    for golden in report.goldens where !golden.isGood {
      let wrong = golden.comparisons.filter { !$0.passes }
      var parts = [golden.weights.flatMap { $0.passes ? nil : $0.sentence }, wrong.first?.sentence]
        .compactMap(\.self)
      if let stage = golden.agreements.first(where: { !$0.passes }) {
        parts.append("stage \(stage.stage) differs")
      }
      parts += golden.findings.filter { ["non-finite", "divergence", "cause"].contains($0.kind) }.map(\.text)
      found.append(("error", "\(golden.name): " + parts.joined(separator: "\n")))
    }
    for change in document.drift?.drifting ?? [] { found.append(("warning", "drift: \(change.sentence)")) }
    for golden in report.goldens where golden.isGood {
      for finding in golden.findings where ["self-made", "uncalibrated", "loose"].contains(finding.kind) {
        found.append(("notice", "\(golden.name): \(finding.text)"))
      }
    }
    for note in document.notes { found.append(("notice", note)) }
    let shown = found.count > limit ? found.prefix(limit - 1) : found[...]
    var text = shown.map { line($0.level, report.model, $0.text, command: report.command) }.joined()
    if found.count > limit, let next = found.dropFirst(limit - 1).first {
      let rest = "and \(found.count - limit + 1) more: see the step's summary"
      text += line(next.level, report.model, rest, command: report.command)
    }
    return text + "\(report.command) \(Self.harmless(report.model)): \(document.headline)\n"
  }

  static func annotations(_ failure: ReportFailure) -> String {
    line("error", failure.model, failure.message)
  }

  /// `name=value` lines for `$GITHUB_OUTPUT`.
  static func outputs(_ document: ReportDocument) -> String {
    let report = document.report
    return "verdict=\(report.passes ? "pass" : "fail")\nclass=\(report.className)\n"
  }

  static func line(
    _ level: String, _ file: String, _ message: String, command: String = "verify"
  ) -> String {
    "::\(level) file=\(escaped(file, inProperty: true)),title=pth2swt \(command)::\(escaped(message))\n"
  }

  /// A path that is no part of a command: on one line, without `##[`.
  private static func harmless(_ text: String) -> String {
    withoutCommands(Text.printable(text))
  }

  /// Breaks up `##[`, which starts a command anywhere in a line; by scalars, because a mark on the bracket would
  /// make another character of it.
  private static func withoutCommands(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if scalar == "[", result.suffix(2).elementsEqual("##".unicodeScalars) {
        result.removeLast()
        result.append(contentsOf: " #".unicodeScalars)
      }
      result.append(scalar)
    }
    return String(result)
  }

  private static func escaped(_ text: String, inProperty: Bool = false) -> String {
    var result = ""
    for scalar in withoutCommands(text).unicodeScalars {
      switch scalar {
      case "%": result += "%25"
      case "\r": result += "%0D"
      case "\n": result += "%0A"
      case ":" where inProperty: result += "%3A"
      case "," where inProperty: result += "%2C"
      default: result.unicodeScalars.append(scalar.value < 0x20 || scalar.value == 0x7F ? " " : scalar)
      }
    }
    return result
  }
}

extension GoldenReport {
  /// Whether both the weights and the computation agree with the golden.
  var isGood: Bool { passes && (weights?.passes ?? true) }
}

extension ReportDocument {
  /// The summary of a step: the Markdown report.
  package var gitHubSummary: String { rendered(.markdown) }
  /// Outputs for later steps: `name=value` lines for `$GITHUB_OUTPUT`.
  package var gitHubOutputs: String { GitHubReport.outputs(self) }
}
