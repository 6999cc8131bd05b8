internal import SWTBytes

/// Heights of counts on a logarithmic axis, so that a single one is seen beside a million.
struct CountAxis {
  /// Powers of ten that the axis reaches.
  private let decades: Int

  /// One that reaches to the largest of the counts.
  init(_ counts: [Int]) {
    decades = Int(Logarithm.base10(Double(max(counts.max() ?? 1, 2))).rounded(.up))
  }

  /// 0...1; a single one already has a height.
  func height(_ count: Double) -> Double {
    count < 1 ? 0 : (Logarithm.base10(count) + 0.25) / (Double(decades) + 0.25)
  }

  /// Draws a line and a number for some of the powers of ten.
  func drawGrid(_ chart: inout SVGChart, left: Double, right: Double, top: Double, bottom: Double) {
    for power in 0...decades {
      guard decades <= 4 || power % ((decades + 3) / 4) == 0 else { continue }
      let y = bottom - height(Logarithm.power10(power)) * (bottom - top)
      chart.line("grid", left, y, right, y)
      chart.text(power == 0 ? "1" : HTMLText.power(power), left - 7, y + 4, anchor: "end")
    }
  }
}
