internal import SWTBytes
internal import SWTConsole

/// A squarified treemap (Bruls, Huizing and van Wijk 2000): rectangles whose areas are sizes, with parts
/// inside wholes. A row ends when another rectangle would make its rectangles more elongated.
package struct Treemap {
  package struct Item {
    let label: String
    /// Shown after the label if there is room.
    let detail: String
    /// The tooltip, which screen readers read too.
    package let tip: String
    let size: Double
    let parts: [Item]

    package init(label: String, detail: String, tip: String, size: Double, parts: [Item] = []) {
      (self.label, self.detail, self.tip, self.size, self.parts) = (label, detail, tip, size, parts)
    }
  }

  struct Place: Equatable {
    var x, y, width, height: Double
  }

  private static let (width, height) = (1024.0, 400.0)
  /// Height of the label line of an item with parts.
  private static let head = 20.0

  private let items: [Item]

  package init(_ items: [Item]) { self.items = items }

  /// The figure; `description` is for screen readers.
  package func figure(id: String, title: String, caption: String, description: String) -> String {
    var chart = SVGChart(width: Self.width, height: Self.height)
    let places = Self.places(items.map(\.size), in: Place(x: 0, y: 0, width: Self.width, height: Self.height))
    for (number, (item, place)) in zip(items, places).enumerated() {
      draw(item, place, kind: "cell cell\(number % 4)", &chart)
    }
    return HTMLFigure.text(
      id: id, title: title, caption: caption,
      picture: chart.element(id: id, title: title, description: description, isWide: true), isWide: true)
  }

  private func draw(_ item: Item, _ place: Place, kind: String, _ chart: inout SVGChart) {
    guard place.width > 1, place.height > 1 else { return }
    chart.rect(kind, place.x + 1, place.y + 1, place.width - 2, place.height - 2, radius: 3, tip: item.tip)
    let isLabelled = place.height > 16 && label(item, place, &chart, kind: "strong")
    guard isLabelled, !item.parts.isEmpty, place.height > 2.4 * Self.head, place.width > 40 else { return }
    let inner = Place(
      x: place.x + 4, y: place.y + Self.head + 2, width: place.width - 8, height: place.height - Self.head - 6
    )
    for (part, place) in zip(item.parts, Self.places(item.parts.map(\.size), in: inner)) {
      guard place.width > 2.5, place.height > 2.5 else { continue }
      chart.rect(
        "part", place.x + 0.8, place.y + 0.8, place.width - 1.6, place.height - 1.6, radius: 2, tip: part.tip)
      if place.height > 16 { _ = label(part, place, &chart, kind: "ink") }
    }
  }

  /// Draws a label if there is room for at least three characters of it.
  private func label(_ item: Item, _ place: Place, _ chart: inout SVGChart, kind: String) -> Bool {
    let columns = Int((place.width - 8) / 7)
    guard columns >= min(3, Text.width(item.label)) else { return false }
    let whole = "\(item.label) · \(item.detail)"
    chart.text(
      Text.fitted(Text.width(whole) <= columns ? whole : item.label, columns), place.x + 6, place.y + 15,
      kind: kind)
    return true
  }

  /// The rectangles of `sizes`, which must be in descending order.
  static func places(_ sizes: [Double], in place: Place) -> [Place] {
    let total = sizes.reduce(0, +)
    guard total > 0, place.width > 0, place.height > 0 else {
      return sizes.map { _ in Place(x: place.x, y: place.y, width: 0, height: 0) }
    }
    let areas = sizes.map { $0 / total * place.width * place.height }
    var result: [Place] = []
    var free = place
    var start = 0
    while start < areas.count {
      let side = min(free.width, free.height)
      var end = start + 1
      while end < areas.count, ratio(areas[start...end], side) <= ratio(areas[start..<end], side) { end += 1 }
      let sum = areas[start..<end].reduce(0, +)
      let depth = side > 0 ? sum / side : 0
      var along = 0.0
      for area in areas[start..<end] {
        let length = depth > 0 ? area / depth : 0
        result.append(
          free.width >= free.height
            ? Place(x: free.x, y: free.y + along, width: depth, height: length)
            : Place(x: free.x + along, y: free.y, width: length, height: depth))
        along += length
      }
      if free.width >= free.height {
        free = Place(x: free.x + depth, y: free.y, width: max(0, free.width - depth), height: free.height)
      } else {
        free = Place(x: free.x, y: free.y + depth, width: free.width, height: max(0, free.height - depth))
      }
      start = end
    }
    return result
  }

  /// The worst aspect ratio of a row's rectangles.
  private static func ratio(_ row: ArraySlice<Double>, _ side: Double) -> Double {
    let sum = row.reduce(0, +)
    guard sum > 0, let most = row.max(), let least = row.min(), least > 0 else { return .infinity }
    return max(side * side * most / (sum * sum), sum * sum / (side * side * least))
  }
}
