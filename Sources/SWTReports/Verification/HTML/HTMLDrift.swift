internal import SWTBytes
internal import SWTConsole
internal import SWTVerification

/// The growth of errors since the older report.
enum HTMLDrift {
  static func section(_ drift: Drift) -> String {
    let drifting = drift.drifting
    let growth = Text.fixed(Drift.allowedGrowth, 1)
    let sub =
      drifting.isEmpty
      ? "No error has grown by more than a factor of \(growth)."
      : "The errors of \(drifting.count) passing outputs have grown by more than a factor of \(growth)."
    let rows = drift.changes.sorted { $0.growth > $1.growth }.prefix(12).map { change in
      [
        XMLText.escaped("\(change.golden)/\(change.output)"), HTMLText.times(change.before),
        HTMLText.times(change.now),
        change.growth.isFinite ? "\(HTMLText.times(change.growth)) ×" : "from nothing",
        change.isDrift
          ? "<span class=\"warn\">drift</span>" : change.passes ? "steady" : HTMLText.verdict(false),
      ]
    }
    let missing =
      (drift.added + drift.missing).isEmpty
      ? "" : " \(drift.added.count) outputs are new, \(drift.missing.count) are no longer there."
    return "<section aria-labelledby=\"drift\">\n"
      + "<h2 id=\"drift\">Since \(XMLText.escaped(HTMLText.name(drift.file)))</h2>\n"
      + "<p class=\"sub\">\(sub)\(missing)</p>\n<div class=\"card\">\n"
      + HTMLText.table(
        "Growth of the errors", ["Output", "Floors then", "Floors now", "Growth", ""], Array(rows),
        numeric: [1, 2, 3])
      + "</div>\n</section>\n"
  }
}
