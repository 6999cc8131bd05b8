/// Reorderings of tensors as in faulty ports.
enum Permutations {
  /// Slice `i` of the result is slice `order[i]`; the first dimension has `order.count` slices.
  static func rows(_ order: [Int]) -> @Sendable (ContiguousArray<Float>) -> ContiguousArray<Float> {
    { values in
      let size = values.count / max(1, order.count)
      var result = values
      for (row, source) in order.enumerated() {
        for i in 0..<size { result[row * size + i] = values[source * size + i] }
      }
      return result
    }
  }

  /// Element `[o][i][y][x]` of the result, with shape `[out, in, k, k]`, is the one at the flat index `body`
  /// returns.
  static func elements(
    _ shape: [Int], _ body: @escaping @Sendable (_ o: Int, _ i: Int, _ y: Int, _ x: Int) -> Int
  ) -> @Sendable (ContiguousArray<Float>) -> ContiguousArray<Float> {
    { values in
      var result = values
      var index = 0
      for o in 0..<shape[0] {
        for i in 0..<shape[1] {
          for y in 0..<shape[2] {
            for x in 0..<shape[3] {
              result[index] = values[body(o, i, y, x)]
              index += 1
            }
          }
        }
      }
      return result
    }
  }

  /// Moves channel `group · size + i` to `i · groups + group`: group-major instead of channel-major order.
  static func interleaved(_ count: Int, groups: Int) -> [Int] {
    let size = count / groups
    return (0..<count).map { $0 % groups * size + $0 / groups }
  }

  /// The numbers `0, 1, 2, …` sorted as text: `0, 1, 10, 11, 2`.
  static func sortedAsText(_ count: Int) -> [Int] {
    (0..<count).map { (String($0), $0) }.sorted { $0.0 < $1.0 }.map(\.1)
  }

  static func inverse(_ order: [Int]) -> [Int] {
    var result = order
    for (place, source) in order.enumerated() { result[source] = place }
    return result
  }

  /// All permutations of `0..<count`, the identity first.
  static func all(_ count: Int) -> [[Int]] {
    if count == 0 { return [[]] }
    return all(count - 1).flatMap { shorter in
      (0...shorter.count).reversed().map { place in
        var order = shorter
        order.insert(count - 1, at: place)
        return order
      }
    }
  }
}
