internal import SWTBytes
internal import SWTConsole
internal import SWTVerification

/// The error of each stage along the network, with the band of allowed errors.
struct GrowthFigure {
  struct Point {
    let name: String
    let free: GoldenReport.BlockError.Measure?
    let forced: GoldenReport.BlockError.Measure?
  }

  let points: [Point]
  private let golden: String
  private let divergence: String?

  private static let width = 980.0
  private static let (left, right, top, bottom) = (58.0, 966.0, 30.0, 292.0)

  init(_ report: GoldenReport) {
    golden = report.name
    divergence = report.divergence?.block
    if report.blocks.isEmpty {
      // The output is first among the comparisons but last in the network.
      let taps = Array(report.comparisons.dropFirst()) + Array(report.comparisons.prefix(1))
      points = taps.map { Point(name: $0.name, free: Self.measure($0), forced: nil) }
    } else {
      points = report.blocks.map { Point(name: $0.name, free: $0.freeRunning, forced: $0.teacherForced) }
    }
  }

  private static func measure(_ item: GoldenReport.Comparison) -> GoldenReport.BlockError.Measure {
    GoldenReport.BlockError.Measure(
      relL2: item.metrics.relL2, floorRelL2: item.criterion.floorRelL2, timesFloor: item.timesFloor,
      passes: item.passes, bound: item.criterion.allowedRelL2)
  }

  private var hasForced: Bool { points.contains { $0.forced != nil } }

  // MARK: Picture

  func figure(id: String) -> String {
    let measures = points.flatMap { [$0.free, $0.forced].compactMap(\.self) }
    let axis = LogAxis(
      measures.flatMap { [$0.relL2, $0.floorRelL2, $0.bound] }, from: Self.bottom, to: Self.top)
    // Names are at 45 degrees, so they extend down by 0.7 of their length.
    let longest = Double(points.map(\.name.count).max() ?? 0)
    var chart = SVGChart(width: Self.width, height: Self.bottom + 20 + longest * 4.6)
    for power in axis.ticks(8) {
      let y = axis.place(log: Double(power))
      chart.line("grid", Self.left, y, Self.right, y)
      chart.text(HTMLText.power(power), Self.left - 8, y + 4, anchor: "end")
    }
    band(&chart, axis)
    mark(&chart)
    series(&chart, axis, \.forced, "two") { $0.diamond($1, $2, $3, 4.6, tip: $4) }
    series(&chart, axis, \.free, "one") { $0.circle($1, $2, $3, 3.9, tip: $4) }
    names(&chart)
    let title = "Error growth through the network"
    return HTMLFigure.text(
      id: id, title: title, caption: caption, key: key,
      picture: chart.element(id: id, title: "\(title), \(golden)", description: description, isWide: true),
      isWide: true)
  }

  private func x(_ index: Int) -> Double {
    let step = (Self.right - Self.left - 36) / Double(max(1, points.count - 1))
    return Self.left + 18 + step * Double(index)
  }

  /// The area below the bound, and a line for the floor.
  private func band(_ chart: inout SVGChart, _ axis: LogAxis) {
    let n = SVGChart.number
    let bounds = points.enumerated().compactMap { place, point in
      point.free.map { (x: x(place), bound: axis.place($0.bound), floor: axis.place($0.floorRelL2)) }
    }
    guard let first = bounds.first, let last = bounds.last else { return }
    let upper = bounds.map { "L\(n($0.x)) \(n($0.bound))" }.joined()
    let edge = "M\(n(Self.left)) \(n(first.bound))\(upper)L\(n(Self.right)) \(n(last.bound))"
    chart.path("band", "\(edge)L\(n(Self.right)) \(n(Self.bottom))L\(n(Self.left)) \(n(Self.bottom))z")
    chart.path("limit", edge)
    let floor = bounds.map { "L\(n($0.x)) \(n($0.floor))" }.joined()
    chart.path("floor", "M\(n(Self.left)) \(n(first.floor))\(floor)L\(n(Self.right)) \(n(last.floor))")
  }

  private func mark(_ chart: inout SVGChart) {
    guard let divergence, let place = points.firstIndex(where: { $0.name == divergence }) else { return }
    chart.line("badline", x(place), Self.top - 16, x(place), Self.bottom)
    let isRight = x(place) > Self.width * 0.7
    chart.text(
      "first divergence: \(divergence)", x(place) + (isRight ? -7 : 7), Self.top - 12,
      anchor: isRight ? "end" : "start", kind: "hot")
  }

  private func series(
    _ chart: inout SVGChart, _ axis: LogAxis, _ path: KeyPath<Point, GoldenReport.BlockError.Measure?>,
    _ kind: String, _ dot: (inout SVGChart, String, Double, Double, String) -> Void
  ) {
    let n = SVGChart.number
    var data = ""
    for (place, point) in points.enumerated() {
      guard let measure = point[keyPath: path] else { continue }
      data += "\(data.isEmpty ? "M" : "L")\(n(x(place))) \(n(axis.place(measure.relL2)))"
    }
    chart.path(kind, data)
    for (place, point) in points.enumerated() {
      guard let measure = point[keyPath: path] else { continue }
      let tip =
        "\(point.name): relL2 \(Text.scientific(measure.relL2)), \(Text.times(measure.timesFloor)) floors"
      dot(&chart, measure.passes ? "\(kind)dot" : "baddot", x(place), axis.place(measure.relL2), tip)
    }
  }

  private func names(_ chart: inout SVGChart) {
    chart.line("axis", Self.left, Self.bottom, Self.right, Self.bottom)
    for (place, point) in points.enumerated() {
      let isHot = point.name == divergence
      chart.text(
        point.name, x(place) + 4, Self.bottom + 16, anchor: "end", kind: isHot ? "hot" : nil, turn: -45)
    }
  }

  // MARK: Text

  private var caption: String {
    "relL2 of each stage on a logarithmic scale; errors below the dashed line are allowed."
      + (hasForced
        ? " Teacher-forced: each stage gets a known activation as input, the reference's or that of the engine "
          + "under test, so an error shows where it arises."
        : "")
  }

  private var key: String {
    var key = HTMLFigure.key(
      "<path class=\"one\" d=\"M0 5.5h22\"/><circle class=\"onedot\" cx=\"11\" cy=\"5.5\" r=\"4\"/>",
      "free-running")
    if hasForced {
      key += HTMLFigure.key(
        "<path class=\"two\" d=\"M0 5.5h22\"/><path class=\"twodot\" d=\"M11 .7l4.8 4.8-4.8 4.8-4.8-4.8z\"/>",
        "teacher-forced")
    }
    key += HTMLFigure.key(
      "<rect class=\"band\" width=\"22\" height=\"11\"/><path class=\"limit\" d=\"M0 1h22\"/>", "allowed")
    key += HTMLFigure.key("<path class=\"floor\" d=\"M0 5.5h22\"/>", "floor of the reference")
    if points.contains(where: { $0.free?.passes == false || $0.forced?.passes == false }) {
      key += HTMLFigure.key("<circle class=\"baddot\" cx=\"11\" cy=\"5.5\" r=\"4\"/>", "out of bounds")
    }
    return key
  }

  private var description: String {
    let wrong = points.filter { $0.free?.passes == false }
    let last =
      points.last?.free.map { " The last, \(points.last?.name ?? ""), has \(Text.scientific($0.relL2))." }
      ?? ""
    let found = divergence.map { " The first divergence is in \($0)." } ?? ""
    return "\(points.count) stages, \(wrong.count) of them out of bounds.\(found)\(last) "
      + "The table below has all numbers."
  }

  /// The same numbers as a table.
  var table: String {
    func cells(_ measure: GoldenReport.BlockError.Measure?) -> [String] {
      guard let measure else { return ["–", "–"] }
      let times = HTMLText.times(measure.timesFloor)
      return [HTMLText.number(measure.relL2), measure.passes ? times : HTMLText.verdict(false, times)]
    }
    let rows = points.map { point -> [String] in
      let floor = point.free.map { HTMLText.number($0.floorRelL2) } ?? "–"
      return [XMLText.escaped(point.name)] + cells(point.free) + [floor]
        + (hasForced ? cells(point.forced) : [])
    }
    let heading =
      ["Stage", "relL2", "Floors", "Floor"] + (hasForced ? ["Teacher-forced relL2", "Floors"] : [])
    return "<details><summary>All \(points.count) stages as a table</summary>\n"
      + HTMLText.table("Error of each stage", heading, rows, numeric: [1, 2, 3, 4, 5]) + "</details>\n"
  }
}
