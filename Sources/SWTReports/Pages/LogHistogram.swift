internal import SWTBytes

/// A histogram of magnitudes over many decades: both axes are logarithmic.
package struct LogHistogram {
  package struct Bin: Equatable, Sendable {
    /// Base-10 logarithms of the ends.
    let low: Double
    let high: Double
    let count: Int

    /// The magnitudes from `2^exponent` up to twice that.
    package init(powerOfTwo exponent: Int, count: Int) {
      let unit = Logarithm.base10(2)
      (low, high, self.count) = (Double(exponent) * unit, Double(exponent + 1) * unit, count)
    }
  }

  private let bins: [Bin]
  private let counted: CountAxis
  private static let (width, height) = (480.0, 236.0)
  private static let (left, right, top, bottom) = (46.0, 470.0, 16.0, 196.0)

  package init(_ bins: [Bin]) {
    self.bins = bins
    counted = CountAxis(bins.map(\.count))
  }

  /// A picture without axes, one line high.
  package var small: String {
    let axis = axis(from: 0, to: 120)
    return "<svg class=\"mini\" viewBox=\"0 0 120 22\" aria-hidden=\"true\"><path d=\""
      + bars(axis, top: 1, bottom: 22) + "\"/></svg>"
  }

  /// The picture with axes.
  package func chart(id: String, title: String, description: String, axis name: String) -> String {
    var chart = SVGChart(width: Self.width, height: Self.height)
    counted.drawGrid(&chart, left: Self.left, right: Self.right, top: Self.top, bottom: Self.bottom)
    let axis = axis(from: Self.left, to: Self.right)
    chart.path("bars", bars(axis, top: Self.top, bottom: Self.bottom))
    chart.line("axis", Self.left, Self.bottom, Self.right, Self.bottom)
    for power in axis.ticks(7) {
      chart.text(HTMLText.power(power), axis.place(log: Double(power)), Self.bottom + 17, anchor: "middle")
    }
    chart.text(name, (Self.left + Self.right) / 2, Self.bottom + 35, anchor: "middle")
    return chart.element(id: id, title: title, description: description)
  }

  private func axis(from start: Double, to end: Double) -> LogAxis {
    LogAxis(logs: bins.flatMap { [$0.low, $0.high] }, from: start, to: end, atLeast: 2)
  }

  private func bars(_ axis: LogAxis, top: Double, bottom: Double) -> String {
    let n = SVGChart.number
    return bins.filter { $0.count > 0 }.map { bin in
      let y = bottom - counted.height(Double(bin.count)) * (bottom - top)
      return
        "M\(n(axis.place(log: bin.low))) \(n(bottom))V\(n(y))H\(n(axis.place(log: bin.high)))V\(n(bottom))z"
    }.joined()
  }
}
