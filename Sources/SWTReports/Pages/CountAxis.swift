internal import SWTBytes

/// A logarithmic axis for counts, on which a count of one is visible next to a million.
struct CountAxis {
  /// Number of decades on the axis.
  private let decades: Int

  /// An axis up to the largest of `counts`.
  init(_ counts: [Int]) {
    decades = Int(Logarithm.base10(Double(max(counts.max() ?? 1, 2))).rounded(.up))
  }

  /// Height of a bar, 0...1; a count of one already has a visible height.
  func height(_ count: Double) -> Double {
    count < 1 ? 0 : (Logarithm.base10(count) + 0.25) / (Double(decades) + 0.25)
  }

  /// Draws grid lines with labels at some of the powers of ten.
  func drawGrid(_ chart: inout SVGChart, left: Double, right: Double, top: Double, bottom: Double) {
    for power in 0...decades {
      guard decades <= 4 || power % ((decades + 3) / 4) == 0 else { continue }
      let y = bottom - height(Logarithm.power10(power)) * (bottom - top)
      chart.line("grid", left, y, right, y)
      chart.text(power == 0 ? "1" : HTMLText.power(power), left - 7, y + 4, anchor: "end")
    }
  }
}
