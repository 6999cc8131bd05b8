internal import SWTBytes
internal import SWTConsole

extension InspectPage {
  /// How the values of one tensor are spread: figure, numbers, remarks.
  package func values(_ index: Int, _ statistics: TensorStatistics?, hasFigure: Bool) -> String {
    guard let statistics else {
      return
        "<div class=\"values\"><p>Its values were not read: it has none, or they are no real numbers.</p></div>\n"
    }
    guard statistics.count > 0 else { return "<div class=\"values\"><p>It has no elements.</p></div>\n" }
    // The farthest values are named with their places instead.
    let remarks = statistics.remarks.filter { $0.kind != .outliers }
      .map { "<p>\(HTMLText.prose($0.text)).</p>\n" }.joined()
    let outliers = statistics.outliers.isEmpty ? "" : "<p>Farthest: \(farthest(index, statistics)).</p>\n"
    return
      "<div class=\"values\">\n\(hasFigure ? figure(index, statistics) : "")\(facts(index, statistics))\(remarks)\(outliers)</div>\n"
  }

  private func farthest(_ index: Int, _ statistics: TensorStatistics) -> String {
    statistics.outliers.map { outlier in
      "\(HTMLText.number(outlier.value, digits: 4)) at [\(Text.place(outlier.index, in: leaves[index].shape))]"
    }.joined(separator: ", ")
  }

  private func facts(_ index: Int, _ statistics: TensorStatistics) -> String {
    let share = Double(statistics.zeros) / Double(max(statistics.count, 1))
    var items: [(String, String)] = [
      ("Values", Text.grouped(statistics.count)), ("Minimum", HTMLText.number(statistics.minimum, digits: 4)),
      ("Maximum", HTMLText.number(statistics.maximum, digits: 4)),
      ("Mean", HTMLText.number(statistics.mean, digits: 4)),
      ("Deviation", HTMLText.number(statistics.deviation, digits: 4)),
      ("Quartiles", statistics.quartiles.map { HTMLText.number($0, digits: 4) }.joined(separator: " · ")),
      (
        "Zeros",
        statistics.zeros == 0 ? "none" : "\(Text.grouped(statistics.zeros)), \(HTMLText.percent(share))"
      ),
      ("NaN, infinite", "\(Text.grouped(statistics.nans)), \(Text.grouped(statistics.infinities))"),
    ]
    if statistics.outlierCount > 0 { items.append(("Far outside", Text.grouped(statistics.outlierCount))) }
    if let channels = statistics.channels {
      items.append(
        ("Dead channels", "\(Text.grouped(channels.dead.count)) of \(Text.grouped(channels.channelCount))"))
    }
    return HTMLText.facts(items)
  }

  private func figure(_ index: Int, _ statistics: TensorStatistics) -> String {
    guard statistics.finite > 0 else { return "" }
    let name = Text.fitted(leaves[index].name, 80)
    let histogram = statistics.histogram
    var description =
      "A histogram of \(Text.grouped(statistics.finite)) values from \(Text.scientific(statistics.minimum)) to "
      + "\(Text.scientific(statistics.maximum)), mean \(Text.scientific(statistics.mean)), deviation "
      + "\(Text.scientific(statistics.deviation))."
    var caption = "Shaded: mean ± deviation."
    if let histogram, histogram.below + histogram.above > 0 {
      let sides = [(histogram.below, "left"), (histogram.above, "right")].filter { $0.0 > 0 }
      let outside =
        sides.map { "\(Text.grouped($0)) further \($1)" }.joined(separator: ", ") + " than the bars reach."
      description += " " + outside
      caption += " " + outside
    }
    let bars = ValueHistogram(
      histogram?.counts ?? [statistics.finite], low: histogram?.low ?? statistics.minimum,
      high: histogram?.high ?? statistics.minimum)
    let picture = bars.chart(
      id: "v\(index)", title: "Values of \(name)", description: description,
      mark: (statistics.mean, statistics.deviation), axis: "value")
    return "<figure>\n\(picture)<figcaption>\(XMLText.escaped(caption))</figcaption>\n</figure>\n"
  }
}
