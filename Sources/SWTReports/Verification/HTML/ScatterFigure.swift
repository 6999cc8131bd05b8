internal import SWTBytes
internal import SWTConsole
internal import SWTVerification

/// Error over magnitude, which shows whether the errors concern some kind of element or all of them.
struct ScatterFigure {
  private let picture: ErrorPicture
  private let allowed: Double
  private static let (width, height) = (480.0, 262.0)
  private static let (left, right, top, bottom) = (48.0, 470.0, 14.0, 214.0)

  init(_ picture: ErrorPicture, allowed: Double) { (self.picture, self.allowed) = (picture, allowed) }

  func figure(id: String) -> String {
    // The worst elements are always shown, in addition to the chosen ones.
    let chosen = Set(picture.points.map(\.index))
    let points = picture.points + picture.worst.filter { !chosen.contains($0.index) }
    let x = LogAxis(points.map { abs($0.expected) }, from: Self.left, to: Self.right)
    let y = LogAxis(points.map(\.error) + [allowed], from: Self.bottom, to: Self.top, atLeast: 3)
    var chart = SVGChart(width: Self.width, height: Self.height)
    for power in y.ticks(6) {
      let place = y.place(log: Double(power))
      chart.line("grid", Self.left, place, Self.right, place)
      chart.text(HTMLText.power(power), Self.left - 7, place + 4, anchor: "end")
    }
    for power in x.ticks(7) {
      chart.text(HTMLText.power(power), x.place(log: Double(power)), Self.bottom + 17, anchor: "middle")
    }
    chart.line("axis", Self.left, Self.bottom, Self.right, Self.bottom)
    func dots(_ points: [ErrorPicture.Element]) -> String {
      points.map {
        "M\(SVGChart.number(x.place(abs($0.expected)))) \(SVGChart.number(y.place($0.error)))h0"
      }.joined()
    }
    chart.path("points", dots(points.filter { $0.error <= allowed }))
    chart.path("badpoints", dots(points.filter { !($0.error <= allowed) }))
    let limit = y.place(allowed)
    chart.line("limit", Self.left, limit, Self.right, limit)
    chart.text("allowed", Self.left + 6, limit + (limit < Self.top + 14 ? 14 : -6), kind: "ink")
    chart.text("|r|", (Self.left + Self.right) / 2, Self.bottom + 38, anchor: "middle")
    let title = "Error and magnitude"
    let out = points.count { !($0.error <= allowed) }
    let count = Text.grouped(points.count)
    let caption = "|y − r| / std(r) of \(count) elements over the magnitude of the reference."
    return HTMLFigure.text(
      id: id, title: title, caption: caption,
      picture: chart.element(
        id: id, title: title,
        description: "A scatter plot. \(caption) \(out) errors are larger than allowed."))
  }
}
