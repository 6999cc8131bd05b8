internal import SWTBytes
internal import SWTConsole

extension InspectPage {
  /// The values of a tensor: histogram, statistics, remarks.
  package func values(_ index: Int, _ statistics: TensorStatistics?, hasFigure: Bool) -> String {
    guard let statistics else {
      return "<div class=\"values\">"
        + "<p>Its values were not read: it has none, or they are not real numbers.</p></div>\n"
    }
    guard statistics.count > 0 else { return "<div class=\"values\"><p>It has no elements.</p></div>\n" }
    // Outliers are listed separately, with their positions.
    let remarks = statistics.remarks.filter { $0.kind != .outliers }
      .map { "<p>\(HTMLText.prose($0.text)).</p>\n" }.joined()
    let outliers = statistics.outliers.isEmpty ? "" : "<p>Farthest: \(farthest(index, statistics)).</p>\n"
    let figure = hasFigure ? figure(index, statistics) : ""
    return "<div class=\"values\">\n\(figure)\(facts(index, statistics))\(remarks)\(outliers)</div>\n"
  }

  private func farthest(_ index: Int, _ statistics: TensorStatistics) -> String {
    statistics.outliers.map { outlier in
      let place = Text.place(outlier.index, in: leaves[index].shape)
      return "\(HTMLText.number(outlier.value, digits: 4)) at [\(place)]"
    }.joined(separator: ", ")
  }

  private func facts(_ index: Int, _ statistics: TensorStatistics) -> String {
    let share = Double(statistics.zeros) / Double(max(statistics.count, 1))
    var items: [(String, String)] = [
      ("Values", Text.grouped(statistics.count)), ("Minimum", HTMLText.number(statistics.minimum, digits: 4)),
      ("Maximum", HTMLText.number(statistics.maximum, digits: 4)),
      ("Mean", HTMLText.number(statistics.mean, digits: 4)),
      ("Standard deviation", HTMLText.number(statistics.deviation, digits: 4)),
      ("Quartiles", statistics.quartiles.map { HTMLText.number($0, digits: 4) }.joined(separator: " · ")),
      (
        "Zeros",
        statistics.zeros == 0 ? "none" : "\(Text.grouped(statistics.zeros)), \(HTMLText.percent(share))"
      ),
      ("NaN, infinite", "\(Text.grouped(statistics.nans)), \(Text.grouped(statistics.infinities))"),
    ]
    if statistics.outlierCount > 0 { items.append(("Outliers", Text.grouped(statistics.outlierCount))) }
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
      "A histogram of \(Text.grouped(statistics.finite)) values "
      + "from \(Text.scientific(statistics.minimum)) to \(Text.scientific(statistics.maximum)), "
      + "mean \(Text.scientific(statistics.mean)), "
      + "standard deviation \(Text.scientific(statistics.deviation))."
    var caption = "Shaded: mean ± standard deviation."
    if let histogram, histogram.below + histogram.above > 0 {
      let sides = [(histogram.below, "left"), (histogram.above, "right")].filter { $0.0 > 0 }
      let outside =
        sides.map { "\(Text.grouped($0)) outliers to the \($1)" }.joined(separator: ", ") + " are not shown."
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
