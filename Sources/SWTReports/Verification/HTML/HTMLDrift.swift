internal import SWTBytes
internal import SWTConsole
internal import SWTVerification

/// What has grown since the older report.
enum HTMLDrift {
  static func section(_ drift: Drift) -> String {
    let drifting = drift.drifting
    let sub =
      drifting.isEmpty
      ? "Nothing has grown by more than \(Text.fixed(Drift.allowedGrowth, 1)) times."
      : "\(drifting.count) outputs pass and have grown by more than \(Text.fixed(Drift.allowedGrowth, 1)) times."
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
      ? "" : " \(drift.added.count) outputs are only here, \(drift.missing.count) only there."
    return
      "<section aria-labelledby=\"drift\">\n<h2 id=\"drift\">Since \(XMLText.escaped(HTMLText.name(drift.file)))</h2>\n"
      + "<p class=\"sub\">\(sub)\(missing)</p>\n<div class=\"card\">\n"
      + HTMLText.table(
        "Growth of the errors", ["Output", "Floors then", "Floors now", "Growth", ""], Array(rows),
        numeric: [1, 2, 3])
      + "</div>\n</section>\n"
  }
}
