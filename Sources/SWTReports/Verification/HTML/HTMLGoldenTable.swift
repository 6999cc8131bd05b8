internal import SWTBytes
internal import SWTConsole
internal import SWTVerification

/// A table with a row per golden: its error and the allowed error.
enum HTMLGoldenTable {
  static func text(_ report: VerificationReport) -> String {
    let rows = report.goldens.enumerated().compactMap { number, golden -> [String]? in
      guard let item = golden.comparisons.first else { return nil }
      return [
        "<a href=\"#golden-\(number)\">\(XMLText.escaped(golden.name))</a>", XMLText.escaped(item.name),
        HTMLText.number(item.metrics.relL2), HTMLText.number(item.criterion.floorRelL2),
        HTMLText.times(item.timesFloor), gauge(item), XMLText.escaped(item.labels?.short ?? "–"),
        HTMLText.verdict(golden.isGood, golden.isGood && item.isBitExact ? "bit-exact" : nil),
      ]
    }
    return "<section aria-labelledby=\"goldens\">\n<h2 id=\"goldens\">Goldens</h2>\n<div class=\"card\">\n"
      + HTMLText.table(
        "Goldens and their errors",
        ["Golden", "Output", "relL2", "Floor", "Floors", "", "Top label", "Verdict"], rows,
        numeric: [2, 3, 4])
      + "</div>\n</section>\n"
  }

  /// Floors on a logarithmic scale from a tenth to ten thousand, with a tick at the allowed number.
  private static func gauge(_ item: GoldenReport.Comparison) -> String {
    func place(_ value: Double) -> Double {
      guard value.isFinite else { return 128 }
      return min(max((Logarithm.base10(max(value, 1e-3)) + 1) / 5, 0.02), 1) * 128
    }
    let (end, tick) = (Text.fixed(place(item.timesFloor), 1), Text.fixed(place(item.criterion.k), 1))
    return "<svg class=\"gauge\" viewBox=\"0 0 128 12\" aria-hidden=\"true\">"
      + "<rect x=\"0\" y=\"4\" width=\"128\" height=\"4\" rx=\"2\" fill=\"var(--grid)\"/>"
      + "<rect x=\"0\" y=\"4\" width=\"\(end)\" height=\"4\" rx=\"2\" "
      + "class=\"\(item.passes ? "bars" : "badbars")\"/>"
      + "<path class=\"whisker\" d=\"M\(tick) 0v12\"/></svg>"
  }
}
