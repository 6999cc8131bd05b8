internal import SWTBytes
internal import SWTConsole
internal import SWTVerification

/// The damage that the goldens would detect: a bar, and the layers where they are weak.
enum MutationFigure {
  static func section(_ score: MutationScore) -> String {
    var chart = SVGChart(width: 980, height: 44)
    let end = 980 * score.score
    chart.rect(
      "bars", 0, 4, end - (score.score < 1 ? 1.5 : 0), 18, radius: 3, tip: "\(score.caught) detected")
    chart.rect(
      "badbars", end + 0.5, 4, 980 - end - 0.5, 18, radius: 3,
      tip: "\(score.tried - score.caught) not detected")
    chart.text("\(score.caught) detected", 0, 40)
    if score.caught < score.tried {
      chart.text("\(score.tried - score.caught) not detected", 980, 40, anchor: "end", kind: "hot")
    }
    let percent = Text.fixed(100 * score.score, 1)
    let title = "\(percent) % of single-weight mutations would be detected"
    let picture = chart.element(
      id: "mutation-bar", title: title, description: "\(score.caught) of \(score.tried).", isWide: false)
    return "<section aria-labelledby=\"mutation\">\n<h2 id=\"mutation\">Strength of the goldens</h2>\n"
      + "<p class=\"sub\">\(XMLText.escaped(score.sentence)). "
      + "Each mutation changes the sign of one weight.</p>\n"
      + "<div class=\"card\">\n"
      + HTMLFigure.text(id: "mutation-figure", title: title, caption: "", picture: picture)
      + table(score) + "</div>\n</section>\n"
  }

  private static func table(_ score: MutationScore) -> String {
    let rows = score.layers.filter { $0.tried > 0 }.map { layer in
      [
        XMLText.escaped(layer.name), "\(layer.tried)", "\(layer.caught)",
        layer.isBlind
          ? HTMLText.verdict(false, "blind")
          : layer.caught < layer.tried ? "<span class=\"warn\">weak</span>" : "all detected",
      ]
    }
    let goldens = score.goldens.map { "\($0.name) alone \($0.caught)" }.joined(separator: ", ")
    return
      "<p class=\"sub soft\">\(XMLText.escaped(goldens))</p>\n<details><summary>Layer by layer</summary>\n"
      + HTMLText.table("Mutations of each layer", ["Layer", "Tried", "Detected", ""], rows, numeric: [1, 2])
      + "</details>\n"
  }
}
