/// The few with the smallest keys among many, in order.
struct Best<Item> {
  private let limit: Int
  private var keys: [Double] = []
  private(set) var items: [Item] = []

  init(_ limit: Int) { self.limit = limit }

  /// Keys from which on nothing is kept.
  var bound: Double { keys.count < limit ? .infinity : keys.last ?? -.infinity }

  mutating func insert(_ item: Item, _ key: Double) {
    guard key < bound else { return }
    let place = keys.firstIndex { $0 > key } ?? keys.count
    keys.insert(key, at: place)
    items.insert(item, at: place)
    if keys.count > limit {
      keys.removeLast()
      items.removeLast()
    }
  }
}
