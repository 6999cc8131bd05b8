internal import SWTBytes
internal import SWTConsole
internal import SWTVerification

/// The distribution of the elements' errors.
struct HistogramFigure {
  private let picture: ErrorPicture
  private let allowed: Double
  private static let (width, height) = (480.0, 262.0)
  private static let (left, right, top, bottom) = (40.0, 470.0, 22.0, 214.0)

  init(_ picture: ErrorPicture, allowed: Double) { (self.picture, self.allowed) = (picture, allowed) }

  func figure(id: String) -> String {
    let bins = picture.histogram
    let ends = bins.flatMap {
      [Logarithm.power10($0.exponent), Logarithm.power10($0.exponent + ErrorPicture.step)]
    }
    let axis = LogAxis(ends + [allowed], from: Self.left, to: Self.right, atLeast: 3)
    let most = max(1, bins.map(\.count).max() ?? 1)
    var chart = SVGChart(width: Self.width, height: Self.height)
    for part in [0.0, 0.5, 1] {
      let y = Self.bottom - part * (Self.bottom - Self.top)
      chart.line("grid", Self.left, y, Self.right, y)
      let count = part * Double(most)
      if count == count.rounded() {
        chart.text(Text.grouped(Int(count)), Self.left - 7, y + 4, anchor: "end")
      }
    }
    for bin in bins where bin.count > 0 {
      let (from, to) = (axis.place(log: bin.exponent), axis.place(log: bin.exponent + ErrorPicture.step))
      let height = max(1.5, Double(bin.count) / Double(most) * (Self.bottom - Self.top))
      let isOut = Logarithm.power10(bin.exponent) >= allowed
      chart.rect(
        isOut ? "badbars" : "bars", from + 0.8, Self.bottom - height, to - from - 1.6, height, radius: 1.5,
        tip: "\(bin.count) elements from 10^\(Text.fixed(bin.exponent, 2)) "
          + "to 10^\(Text.fixed(bin.exponent + ErrorPicture.step, 2))"
      )
    }
    chart.line("axis", Self.left, Self.bottom, Self.right, Self.bottom)
    limit(&chart, axis.place(allowed))
    for power in axis.ticks(7) {
      chart.text(HTMLText.power(power), axis.place(log: Double(power)), Self.bottom + 17, anchor: "middle")
    }
    chart.text("|y − r| / std(r)", (Self.left + Self.right) / 2, Self.bottom + 38, anchor: "middle")
    let title = "Errors of the elements"
    return HTMLFigure.text(
      id: id, title: title, caption: caption,
      picture: chart.element(id: id, title: title, description: "A histogram. \(caption)"))
  }

  private func limit(_ chart: inout SVGChart, _ x: Double) {
    chart.line("limit", x, Self.top - 6, x, Self.bottom)
    let isRight = x > Self.width * 0.6
    chart.text(
      "allowed", x + (isRight ? -6 : 6), Self.top - 2, anchor: isRight ? "end" : "start", kind: "ink")
  }

  private var caption: String {
    var text = "\(Text.grouped(picture.elementCount)) elements by the size of their error"
    if picture.exactCount > 0 { text += "; \(Text.grouped(picture.exactCount)) have none" }
    if picture.nonFiniteCount > 0 { text += "; \(Text.grouped(picture.nonFiniteCount)) are not finite" }
    return text + "."
  }
}
