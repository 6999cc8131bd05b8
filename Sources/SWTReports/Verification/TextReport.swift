internal import SWTBytes
internal import SWTConsole
internal import SWTVerification

/// A verification for people: a row per golden and output, then findings.
enum TextReport {
  static func text(_ document: ReportDocument) -> String {
    let report = document.report
    var text = "\(report.command) \(Text.printable(report.model))  (\(report.architecture), "
    text += "\(Text.grouped(report.parameterCount)) parameters; \(report.engine))\n"
    if let stored = report.stored { text += Self.stored(stored) }
    for (_, own) in report.ownWeights { text += weights(own) }
    for golden in report.goldens {
      if let weights = golden.weights { text += Self.weights(weights) }
    }
    if report.goldens.contains(where: { !$0.comparisons.isEmpty }) {
      text += "\n" + table(report, document.width)
    }
    for golden in report.goldens {
      for finding in golden.findings {
        let kind = ["cause", "also", "hint"].contains(finding.kind) ? "\(finding.kind): " : ""
        text += "   \(Text.printable("\(golden.name): \(kind)\(finding.text)", limit: 2000))\n"
      }
    }
    if let mutation = report.mutation { text += " mutation  \(mutation.sentence)\n" }
    if let drift = document.drift { text += Self.drift(drift) }
    for note in document.notes { text += " note      \(Text.printable(note))\n" }
    let own = report.ownWeights
    let passed = report.goldens.count(where: \.isGood) + own.count { $0.report.passes }
    let all = report.goldens.count + own.count
    let time = document.seconds.map { " in \(Text.fixed($0, 2)) s" } ?? ""
    return text + "\nverdict: \(document.headline)\n"
      + "\(passed) passed, \(all - passed) failed, 0 skipped\(time)\n"
  }

  private static func weights(_ report: WeightsReport) -> String {
    " weights   \(report.passes ? "" : "FAIL ")\(Text.printable(report.sentence))\n"
  }

  private static func stored(_ stored: StoredPrecision) -> String {
    let fold = stored.isFolded ? ", BatchNorm folded" : ""
    return " stored    \(stored.precision)\(fold): expected relative error (from the receipts): "
      + "\(Text.scientific(stored.expectedError))\n"
  }

  private static func drift(_ drift: Drift) -> String {
    var text = ""
    for change in drift.drifting.prefix(6) {
      text += " drift     warning: \(Text.printable(change.sentence))\n"
    }
    if drift.drifting.count > 6 { text += " drift     and \(drift.drifting.count - 6) more\n" }
    if drift.drifting.isEmpty {
      let growth = drift.worst.map { ", errors at most \(Text.times($0.growth)) times as large" } ?? ""
      text +=
        " drift     \(drift.changes.count) outputs compared with \(Text.printable(drift.file))\(growth)\n"
    }
    for (what, names) in [("new", drift.added), ("no longer there", drift.missing)] where !names.isEmpty {
      text +=
        " drift     \(names.count) \(what): \(Text.printable(names.prefix(4).joined(separator: ", ")))\n"
    }
    return text
  }

  /// The table; on a terminal that is too narrow without the floor, which is relL2 divided by the next column.
  private static func table(_ report: VerificationReport, _ width: Int?) -> String {
    var rows = [
      ["golden", "output", ">relL2", ">floor", ">x floor", "top1", "margin", "verdict"]
    ]
    for golden in report.goldens {
      guard let first = golden.comparisons.first else { continue }
      rows.append(row(Text.printable(golden.name, limit: 40), first, golden.reduced))
      let taps = golden.comparisons.dropFirst()
      guard !taps.isEmpty else { continue }
      let failing = taps.filter { !$0.passes }
      for tap in failing.prefix(4) { rows.append(row("", tap, golden.reduced)) }
      if failing.count > 4 { rows.append(["", "+\(failing.count - 4) more layers fail"]) }
      if failing.isEmpty, let worst = taps.max(by: { $0.timesFloor < $1.timesFloor }) {
        var row = row("", worst, golden.reduced)
        row[1] = "\(taps.count) layers, worst \(worst.name)"
        rows.append(row)
      }
    }
    rows = rows.map { $0 + Array(repeating: "", count: max(0, 8 - $0.count)) }
    let whole = Text.table(rows, indent: " ")
    guard let width, whole.split(separator: "\n").contains(where: { Text.width($0) > width }) else {
      return whole
    }
    return Text.table(rows.map { Array($0[..<3] + $0[4...]) }, indent: " ")
  }

  private static func row(
    _ golden: String, _ item: GoldenReport.Comparison, _ reduced: ReducedPrecision?
  ) -> [String] {
    let margin = item.labels?.items.map(\.margin).min()
    let kind =
      reduced.map { "\($0.precision), bound from \($0.basis.text)" }
      ?? "fp32\(item.criterion.isCalibrated ? "" : ", uncalibrated")"
    return [
      golden, item.name, Text.scientific(item.metrics.relL2), Text.scientific(item.criterion.floorRelL2),
      item.timesFloor < 1000 ? Text.fixed(item.timesFloor, 1) : Text.scientific(item.timesFloor),
      item.labels?.short ?? "",
      margin.map { Text.fixed($0, 2) } ?? "",
      item.passes
        ? (item.criterion.isLoose ? "pass (loose)" : item.isBitExact ? "pass (bit-exact)" : "pass (\(kind))")
        : "FAIL",
    ]
  }
}

extension ReducedPrecision.Basis {
  /// The name in a sentence.
  var text: String {
    switch self {
    case .golden: "the golden"
    case .source: "the source"
    case .receipts: "the receipts"
    case .emulation: "the emulation"
    }
  }
}
