import SWTReports
import TestSupport
import Testing

/// Pictures say what the numbers say: sizes are areas, counts are heights, and nothing is drawn outside.
@Suite struct PagePictureTests {
  struct Box {
    let x, y, width, height: Double
    var area: Double { width * height }

    func overlaps(_ other: Box) -> Bool {
      let across = min(x + width, other.x + other.width) - max(x, other.x)
      let down = min(y + height, other.y + other.height) - max(y, other.y)
      return across > 0.2 && down > 0.2
    }
  }

  /// Attributes of the rectangles of a class.
  private static func boxes(_ picture: String, kind: String) -> [Box] {
    picture.split(separator: "\n").filter { $0.contains("<rect class=\"\(kind)") }.map { line in
      func attribute(_ name: String) -> Double {
        let after = line.firstRange(of: " \(name)=\"").map { line[$0.upperBound...] } ?? ""
        return Double(after.prefix { $0 != "\"" }) ?? .nan
      }
      return Box(
        x: attribute("x"), y: attribute("y"), width: attribute("width"), height: attribute("height"))
    }
  }

  @Test(arguments: [1, 2, 3, 7, 20, 60])
  func `areas of a treemap are the sizes, side by side`(count: Int) {
    var noise = Noise(seed: UInt64(count))
    let sizes = (0..<count).map { _ in Double.random(in: 1...50, using: &noise) }
    let map = Treemap(
      sizes.map { .init(label: "layer", detail: "detail", tip: "tip", size: $0) }
        + [.init(label: "nothing", detail: "", tip: "", size: 0)])
    let boxes = Self.boxes(
      map.figure(id: "m", title: "t", caption: "c", description: "d"), kind: "cell")
    #expect(boxes.count == count)
    let unit = 1024.0 * 400 / sizes.reduce(0, +)
    for (box, size) in zip(boxes, sizes) {
      // A margin of one pixel, and one decimal.
      let whole = (box.width + 2) * (box.height + 2)
      #expect(abs(whole - size * unit) < 0.01 * size * unit + 120, "\(size)")
      #expect(box.x >= 0 && box.y >= 0 && box.x + box.width <= 1024 && box.y + box.height <= 400)
    }
    for (i, a) in boxes.enumerated() { for b in boxes[..<i] { #expect(!a.overlaps(b)) } }
  }

  @Test(arguments: [[], [0, 0], [.nan], [.infinity, 1]] as [[Double]])
  func `a treemap of nothing is drawn all the same`(sizes: [Double]) {
    let map = Treemap(sizes.map { .init(label: "a", detail: "b", tip: "c", size: $0) })
    let figure = map.figure(id: "m", title: "t", caption: "c", description: "d")
    #expect(!figure.contains("nan") && !figure.contains("inf") && figure.contains("</svg>"))
  }

  @Test func `a logarithmic axis keeps order, ends and what has no logarithm`() {
    let axis = LogAxis([1e-8, 3e-3, 0.7, .nan, 0, -1, .infinity], from: 10, to: 110)
    #expect(axis.low == -8 && axis.high == 0)
    #expect(axis.place(1e-8) == 10 && axis.place(1) == 110 && abs(axis.place(1e-4) - 60) < 1e-9)
    #expect(axis.place(0) == 10 && axis.place(-3) == 10 && axis.place(1e-30) == 10)
    #expect(axis.place(.nan) == 110 && axis.place(.infinity) == 110 && axis.place(1e30) == 110)
    let ticks = axis.ticks(4)
    #expect(ticks.first == -8 && ticks.count <= 5 && ticks == ticks.sorted())
    let empty = LogAxis([], from: 0, to: 1)
    #expect(empty.high - empty.low >= 2 && empty.place(1e-6) >= 0)
    let single = LogAxis([5], from: 0, to: 1, atLeast: 4)
    #expect(single.high - single.low == 4 && (single.low...single.high).contains(0))
  }

  /// Heights of the bars of a small histogram, from the bottom at 22.
  private static func heights(_ picture: String) -> [Double] {
    let path = picture.firstRange(of: "d=\"M").map { picture[$0.upperBound...].prefix { $0 != "\"" } } ?? ""
    return path.split(separator: "V").dropFirst().dropLast().compactMap {
      Double($0.prefix { $0 != "H" }).map { 22 - $0 }
    }
  }

  @Test func `taller bars are larger counts, and no count has no bar`() {
    let counts = [1, 10, 0, 1000, 100_000, 3]
    let heights = Self.heights(ValueHistogram(counts, low: -1, high: 1).small)
    #expect(heights.count == counts.count)
    for (i, a) in zip(counts, heights).enumerated() {
      for b in zip(counts, heights).dropFirst(i + 1) {
        #expect((a.0 < b.0) == (a.1 < b.1))
      }
    }
    #expect(heights[2] == 0 && heights[0] > 0 && heights[4] <= 21)
  }

  @Test func `a histogram of one value, of none and of the largest is drawn`() {
    for (counts, low, high) in [([5], 2.0, 2.0), ([], 0, 0), ([1, 2], -1e308, 1e308), ([0], 0, 1)]
      as [([Int], Double, Double)]
    {
      let histogram = ValueHistogram(counts, low: low, high: high)
      let chart = histogram.chart(id: "h", title: "t", description: "d", mark: (0, .infinity), axis: "a")
      for text in [chart, histogram.small] { #expect(!text.contains("nan") && !text.contains("inf")) }
    }
    let powers = LogHistogram([.init(powerOfTwo: -149, count: 1), .init(powerOfTwo: 127, count: 9)])
    #expect(!powers.chart(id: "h", title: "t", description: "d", axis: "a").contains("nan"))
    #expect(!LogHistogram([]).small.contains("nan"))
  }

  @Test func `coordinates have one decimal and no sign of zero`() {
    #expect(SVGChart.number(3) == "3" && SVGChart.number(2.25) == "2.2" && SVGChart.number(-0.01) == "0")
  }
}
