internal import SWTVerification

/// A verification for people: one row for each golden and output, then what went wrong.
enum TextReport {
  static func text(_ report: VerificationReport) -> String {
    var text = "verify \(report.model)  (\(report.architecture), "
    text += "\(Text.grouped(report.parameterCount)) parameters; \(report.engine))\n"
    if let stored = report.stored { text += Self.stored(stored) }
    if let source = report.source { text += weights(source) }
    for golden in report.goldens {
      if let weights = golden.weights { text += Self.weights(weights) }
    }
    if report.goldens.contains(where: { !$0.comparisons.isEmpty }) { text += "\n" + table(report) }
    for golden in report.goldens { text += notes(golden) }
    let passed = report.goldens.filter(isPassed).count + (report.source.map { $0.passes ? 1 : 0 } ?? 0)
    let all = report.goldens.count + (report.source == nil ? 0 : 1)
    let kind = report.errorClass.map { ": \($0)" } ?? ""
    return text + "\nverdict: \(report.passes ? "pass" : "FAIL") (\(report.verdictClass.rawValue)\(kind))\n"
      + "\(passed) passed, \(all - passed) failed\n"
  }

  private static func isPassed(_ golden: GoldenReport) -> Bool {
    golden.passes && (golden.weights?.passes ?? true)
  }

  private static func weights(_ report: WeightsReport) -> String {
    guard !report.passes else {
      return " weights   \(report.compared)/\(report.compared) equal to \(report.against), bit for bit\n"
    }
    var text = " weights   FAIL against \(report.against): "
    if !report.differing.isEmpty { text += "\(report.differing.count) differ (\(list(report.differing)))" }
    if !report.missing.isEmpty { text += " \(report.missing.count) missing (\(list(report.missing)))" }
    return text + "\n"
  }

  private static func stored(_ stored: StoredPrecision) -> String {
    let fold = stored.isFolded ? ", BatchNorm folded" : ""
    return " stored    \(stored.precision)\(fold): the receipts let expect a relative error of "
      + "\(Text.scientific(stored.expectedError))\n"
  }

  private static func list(_ names: [String]) -> String {
    names.prefix(6).joined(separator: ", ") + (names.count > 6 ? ", …" : "")
  }

  private static func table(_ report: VerificationReport) -> String {
    var rows = [
      ["golden", "output", ">relL2", ">floor", ">x floor", ">1-cos", ">SNR", "top1", "margin", "verdict"]
    ]
    for golden in report.goldens {
      guard let first = golden.comparisons.first else { continue }
      rows.append(row(golden.name, first, golden.reduced))
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
    return Text.table(rows.map { $0 + Array(repeating: "", count: max(0, 10 - $0.count)) }, indent: " ")
  }

  private static func row(
    _ golden: String, _ item: GoldenReport.Comparison, _ reduced: ReducedPrecision?
  ) -> [String] {
    let labels = item.labels.map { rule in
      rule.items.prefix(3).map { "\($0.expected)\($0.actual == $0.expected ? "=" : "≠")\($0.actual)" }
        .joined(separator: " ")
    }
    let margin = item.labels?.items.map(\.margin).min()
    let kind =
      reduced.map { "\($0.precision), bound from \($0.basis.text)" }
      ?? "fp32 numerics\(item.criterion.isCalibrated ? "" : ", uncalibrated golden")"
    return [
      golden, item.name, Text.scientific(item.metrics.relL2), Text.scientific(item.criterion.floorRelL2),
      item.timesFloor < 1000 ? Text.fixed(item.timesFloor, 1) : Text.scientific(item.timesFloor),
      Text.scientific(item.metrics.oneMinusCosine), Text.fixed(item.metrics.snr, 1), labels ?? "",
      margin.map { Text.fixed($0, 2) } ?? "",
      item.passes ? (item.isBitExact ? "pass (bit-exact)" : "pass (\(kind))") : "FAIL",
    ]
  }

  private static func notes(_ golden: GoldenReport) -> String {
    var text = ""
    for item in golden.comparisons {
      if let place = item.metrics.firstNonFinite {
        text += "   \(golden.name)/\(item.name): element \(place) is not finite\n"
        break
      }
    }
    if let divergence = golden.divergence {
      let (error, before) = (Text.scientific(divergence.relL2), Text.scientific(divergence.before))
      text +=
        "   \(golden.name): first divergence in \(divergence.block) (\(divergence.method.rawValue) relL2 \(error); "
      text += "before it at most \(before))\n"
    }
    if let float32 = golden.float32, let reduced = golden.reduced {
      text += "   \(golden.name): with the same weights float32 has relL2 \(Text.scientific(float32.relL2)), "
      text += "\(reduced.precision) costs the rest\n"
      if let worst = golden.agreements.max(by: { $0.difference * $1.allowed < $1.difference * $0.allowed }) {
        text +=
          "   \(golden.name): stage by stage within \(Text.scientific(worst.difference)) of the emulation "
        text += "(\(worst.stage), where rounding costs \(Text.scientific(worst.cost)))\n"
      }
    }
    if let witness = golden.witness {
      text += "   \(golden.name): the double-precision engine has relL2 \(Text.scientific(witness.relL2)): "
      text += golden.blamesEngine ? "the model is right, our kernels are not\n" : "it is the model\n"
    }
    if golden.isSelfMade { text += "   \(golden.name): made by pth2swt itself, so it proves no port right\n" }
    return text
  }
}

extension ReducedPrecision.Basis {
  fileprivate var text: String {
    switch self {
    case .golden: "the golden"
    case .source: "the source"
    case .receipts: "the receipts"
    case .emulation: "the emulation"
    }
  }
}
