internal import SWTBytes

/// A histogram with equally wide bins and a logarithmic axis of counts, on which a single value is visible
/// next to a million.
package struct ValueHistogram {
  private let counts: [Int]
  private let counted: CountAxis
  private let low: Double
  private let high: Double
  private static let (width, height) = (480.0, 236.0)
  private static let (left, right, top, bottom) = (46.0, 470.0, 16.0, 196.0)

  /// - Parameters:
  ///   - counts: Number of values in each bin.
  ///   - low: Start of the first bin.
  ///   - high: End of the last bin.
  package init(_ counts: [Int], low: Double, high: Double) {
    (self.counts, self.low, self.high) = (counts, low, high)
    counted = CountAxis(counts)
  }

  /// A picture without axes, one line high.
  package var small: String {
    let path = outline(from: 0, to: 120, top: 1, bottom: 22)
    return "<svg class=\"mini\" viewBox=\"0 0 120 22\" aria-hidden=\"true\"><path d=\"\(path)\"/></svg>"
  }

  /// The picture with axes.
  ///
  /// - Parameters:
  ///   - id: Identifier, unique in the page.
  ///   - title: Title.
  ///   - description: Description for screen readers.
  ///   - mark: A value to mark, with the spread around it.
  ///   - axis: Label of the value axis.
  /// - Returns: An SVG element.
  package func chart(
    id: String, title: String, description: String, mark: (value: Double, spread: Double)?, axis: String
  ) -> String {
    var chart = SVGChart(width: Self.width, height: Self.height)
    counted.drawGrid(&chart, left: Self.left, right: Self.right, top: Self.top, bottom: Self.bottom)
    if let mark, mark.spread.isFinite {
      let (from, to) = (x(mark.value - mark.spread), x(mark.value + mark.spread))
      chart.rect("spread", from, Self.top, to - from, Self.bottom - Self.top)
    }
    chart.path("bars", outline(from: Self.left, to: Self.right, top: Self.top, bottom: Self.bottom))
    chart.line("axis", Self.left, Self.bottom, Self.right, Self.bottom)
    if let mark, low < high { chart.line("limit", x(mark.value), Self.top - 6, x(mark.value), Self.bottom) }
    chart.text(HTMLText.number(low, digits: 3), Self.left, Self.bottom + 17)
    if low < high {
      chart.text(HTMLText.number(high, digits: 3), Self.right, Self.bottom + 17, anchor: "end")
    }
    if low < 0, high > 0, x(0) > Self.left + 70, x(0) < Self.right - 70 {
      chart.line("axis", x(0), Self.bottom, x(0), Self.bottom + 5)
      chart.text("0", x(0), Self.bottom + 17, anchor: "middle")
    }
    chart.text(axis, (Self.left + Self.right) / 2, Self.bottom + 35, anchor: "middle")
    return chart.element(id: id, title: title, description: description)
  }

  private func x(_ value: Double) -> Double {
    guard high > low else { return (Self.left + Self.right) / 2 }
    return Self.left + min(max((value - low) / (high - low), 0), 1) * (Self.right - Self.left)
  }

  /// The bars as one path.
  private func outline(from: Double, to: Double, top: Double, bottom: Double) -> String {
    let n = SVGChart.number
    guard high > low else {
      let middle = (from + to) / 2
      return "M\(n(middle - 3)) \(n(bottom))V\(n(top))h6V\(n(bottom))z"
    }
    let step = (to - from) / Double(max(counts.count, 1))
    var path = "M\(n(from)) \(n(bottom))"
    for (i, count) in counts.enumerated() {
      path +=
        "V\(n(bottom - counted.height(Double(count)) * (bottom - top)))H\(n(from + Double(i + 1) * step))"
    }
    return path + "V\(n(bottom))z"
  }
}
