/// Whether labels agree, if the reference's margins are large enough for a verdict.
public struct LabelRule: Equatable, Sendable {
  /// The result of comparing two labels.
  public enum Outcome: String, Sendable {
    /// The same label.
    case agrees
    /// The reference's first two logits are closer than the allowed error: either label is acceptable.
    case tieWithinBound = "tie within bound"
    /// Different labels, although the reference has a clear margin.
    case differs
  }

  /// One item of the batch.
  public struct Item: Equatable, Sendable {
    /// The reference's label.
    public var expected: Int
    /// Difference between the reference's largest and second largest logit.
    public var actual: Int
    /// Distance between the reference's first and second logit.
    public var margin: Double
    /// The result of the comparison.
    public var outcome: Outcome
    /// Whether the top five agree as sets, decided by the difference of the fifth and the sixth logit; nil if
    /// there are at most five classes.
    public var topFive: Outcome?
  }

  /// One per image.
  public var items: [Item]

  /// Compares the top labels of each row of `[count, classes]`.
  ///
  /// `bound` is twice the largest error that the criterion accepts, in logits.
  public init(_ result: [Double], reference: [Double], classes: Int, bound: Double) {
    var items: [Item] = []
    for start in stride(from: 0, to: reference.count - classes + 1, by: max(1, classes)) {
      let row = reference[start..<start + classes]
      let (first, second) = Self.topTwo(row)
      let actual = Self.topTwo(result[start..<start + classes]).first
      let margin = classes > 1 ? row[start + first] - row[start + second] : .infinity
      let outcome: Outcome =
        first == actual ? .agrees : margin > bound ? .differs : .tieWithinBound
      items.append(
        Item(
          expected: first, actual: actual, margin: margin, outcome: outcome,
          topFive: Self.topFive(result[start..<start + classes], row, bound)))
    }
    self.items = items
  }

  /// Whether no image differs, neither in its top label nor in its top five.
  public var passes: Bool { !items.contains { $0.outcome == .differs || $0.topFive == .differs } }

  private static func topFive(
    _ result: ArraySlice<Double>, _ reference: ArraySlice<Double>, _ bound: Double
  ) -> Outcome? {
    let count = 5
    guard reference.count > count else { return nil }
    func order(_ row: ArraySlice<Double>) -> [Int] {
      // A NaN is never the largest; the lower index wins a tie.
      let values = row.map { $0.isNaN ? -Double.infinity : $0 }
      return values.indices.sorted { (-values[$0], $0) < (-values[$1], $1) }
    }
    let expected = order(reference)
    if Set(expected.prefix(count)) == Set(order(result).prefix(count)) { return .agrees }
    let fifth = reference[reference.startIndex + expected[count - 1]]
    let sixth = reference[reference.startIndex + expected[count]]
    return fifth - sixth > bound ? .differs : .tieWithinBound
  }

  /// Indices of the largest and the second largest element; the lower index wins a tie.
  private static func topTwo(_ row: ArraySlice<Double>) -> (first: Int, second: Int) {
    var (first, second) = (0, -1)
    for i in 1..<max(1, row.count) {
      let value = row[row.startIndex + i]
      if value > row[row.startIndex + first] {
        (first, second) = (i, first)
      } else if second < 0 || value > row[row.startIndex + second] {
        second = i
      }
    }
    return (first, max(second, 0))
  }
}
