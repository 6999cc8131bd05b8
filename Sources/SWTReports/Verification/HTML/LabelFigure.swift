internal import SWTBytes
internal import SWTConsole
internal import SWTVerification

/// The ten largest logits of one image, expected and computed side by side.
struct LabelFigure {
  private let labels: [ErrorPicture.Label]
  private let image: Int
  private let count: Int
  private let verdict: LabelRule.Item?
  /// The allowed error of a logit; labels whose logits differ by less than twice this may change places.
  private let bound: Double

  private static let width = 480.0
  private static let (left, right, top, row) = (56.0, 350.0, 8.0, 38.0)

  init(
    _ labels: [ErrorPicture.Label], image: Int, count: Int, verdict: LabelRule.Item?, bound: Double
  ) {
    (self.labels, self.image, self.count, self.verdict, self.bound) = (labels, image, count, verdict, bound)
  }

  func figure(id: String) -> String {
    let height = Self.top + Self.row * Double(labels.count) + 8
    var chart = SVGChart(width: Self.width, height: height)
    let values = labels.flatMap { [$0.expected, $0.actual] }.filter(\.isFinite)
    let (low, high) = (min(0, values.min() ?? 0), max(0, values.max() ?? 1))
    let span = high > low ? high - low : 1
    func x(_ value: Double) -> Double {
      guard value.isFinite else { return Self.left }
      return Self.left + (min(max(value, low), high) - low) / span * (Self.right - Self.left)
    }
    for (place, label) in labels.enumerated() {
      let y = Self.top + Self.row * Double(place)
      let isWrong = !(abs(label.actual - label.expected) <= bound)
      chart.text(
        "\(label.label)", Self.left - 10, y + 21, anchor: "end",
        kind: label.label == verdict?.expected ? "strong" : "ink")
      bar(&chart, "was", x(0), x(label.expected), y + 4)
      bar(&chart, isWrong ? "badbars" : "bars", x(0), x(label.actual), y + 18)
      let (from, to) = (x(label.expected - bound), x(label.expected + bound))
      let n = SVGChart.number
      if to - from >= 1 {
        chart.path(
          "whisker", "M\(n(from)) \(n(y + 9.5))H\(n(to))M\(n(from)) \(n(y + 6.5))v6M\(n(to)) \(n(y + 6.5))v6")
      }
      chart.text(
        "\(Text.fixed(label.expected, 3))  \(Text.fixed(label.actual, 3))", Self.width - 4, y + 21,
        anchor: "end",
        kind: isWrong ? "hot" : nil)
    }
    chart.line("axis", x(0), Self.top - 4, x(0), height - 6)
    let title = count > 1 ? "Largest logits of image \(image)" : "Largest logits"
    return HTMLFigure.text(
      id: id, title: title, caption: caption, key: key,
      picture: chart.element(id: id, title: title, description: description))
  }

  private func bar(_ chart: inout SVGChart, _ kind: String, _ zero: Double, _ end: Double, _ y: Double) {
    chart.rect(kind, min(zero, end), y, max(1, abs(end - zero)), 11, radius: 2)
  }

  private var key: String {
    HTMLFigure.key("<rect class=\"was\" y=\"2\" width=\"22\" height=\"7\" rx=\"1.5\"/>", "expected")
      + HTMLFigure.key("<rect class=\"bars\" y=\"2\" width=\"22\" height=\"7\" rx=\"1.5\"/>", "computed")
      + HTMLFigure.key(
        "<path class=\"whisker\" d=\"M3 5.5h16M3 2.5v6M19 2.5v6\"/>",
        "allowed, if wide enough to be visible")
  }

  private var caption: String {
    guard let verdict else { return "" }
    let margin = "The first logit exceeds the second by \(Text.fixed(verdict.margin, 3))"
    let bound = "allowed errors can change that by \(HTMLText.number(2 * self.bound))"
    switch verdict.outcome {
    case .agrees: return "Both give \(verdict.expected). \(margin); \(bound)."
    case .tieWithinBound:
      return "Expected \(verdict.expected), got \(verdict.actual): a tie. \(margin); \(bound)."
    case .differs: return "Expected \(verdict.expected), got \(verdict.actual). \(margin); \(bound)."
    }
  }

  private var description: String {
    let rows = labels.map {
      "label \($0.label): expected \(Text.fixed($0.expected, 3)), computed \(Text.fixed($0.actual, 3))"
    }
    return "Bars. " + rows.joined(separator: "; ") + "."
  }
}
