internal import SWTBytes

/// Finds overlapping boxes among many.
///
/// Shards form grids, so the boxes are split along a dimension into groups that do not overlap there, each of
/// these along another, and so on; what cannot be split is compared pair by pair.
enum Disjointness {
  /// Comparisons that a table may need: a grid of n chunks needs about n·log n, and a hostile table could ask
  /// for n².
  private static let budget = 100_000_000

  /// Two boxes that have an element in common; nil if there are none.
  ///
  /// - Parameters:
  ///   - boxes: Per box its offsets, then its sizes; no size is zero.
  ///   - count: The number of boxes.
  ///   - rank: The number of dimensions.
  /// - Returns: Their indices.
  /// - Throws: ``ParseFailure`` if the boxes are too irregular to be compared.
  static func violation(boxes: [Int], count: Int, rank: Int) throws(ParseFailure) -> (Int, Int)? {
    guard count > 1 else { return nil }
    guard rank > 0 else { return (0, 1) }
    var work = 0
    var groups = [Array(0..<count)]
    while let group = groups.popLast() {
      guard group.count > 1 else { continue }
      var parts: [[Int]] = []
      for dimension in 0..<rank where parts.count <= 1 {
        work += group.count
        parts = split(group, boxes, at: dimension, rank)
      }
      if parts.count > 1 {
        groups += parts
      } else if let found = try overlap(group, boxes, rank, &work) {
        return found
      }
      guard work <= budget else {
        throw ParseFailure(.unsupported("\(count) chunks without the order of a grid"))
      }
    }
    return nil
  }

  /// Groups of boxes whose intervals in a dimension overlap, directly or through others.
  private static func split(_ group: [Int], _ boxes: [Int], at dimension: Int, _ rank: Int) -> [[Int]] {
    func start(_ box: Int) -> Int { boxes[2 * rank * box + dimension] }
    func end(_ box: Int) -> Int { start(box) + boxes[2 * rank * box + rank + dimension] }
    var parts: [[Int]] = []
    var reach = Int.min
    for box in group.sorted(by: { start($0) < start($1) }) {
      if start(box) >= reach { parts.append([]) }
      parts[parts.count - 1].append(box)
      reach = max(reach, end(box))
    }
    return parts
  }

  private static func overlap(
    _ group: [Int], _ boxes: [Int], _ rank: Int, _ work: inout Int
  ) throws(ParseFailure) -> (Int, Int)? {
    for (place, a) in group.enumerated() {
      work += group.count - place
      guard work <= budget else { return nil }
      for b in group[(place + 1)...] where areOverlapping(a, b, boxes, rank) { return (min(a, b), max(a, b)) }
    }
    return nil
  }

  private static func areOverlapping(_ a: Int, _ b: Int, _ boxes: [Int], _ rank: Int) -> Bool {
    (0..<rank).allSatisfy { dimension in
      let (startA, startB) = (boxes[2 * rank * a + dimension], boxes[2 * rank * b + dimension])
      return startA < startB + boxes[2 * rank * b + rank + dimension]
        && startB < startA + boxes[2 * rank * a + rank + dimension]
    }
  }
}
