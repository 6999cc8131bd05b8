/// Whether the labels agree, where the reference is decided enough for that to mean something.
public struct LabelRule: Equatable, Sendable {
  /// What two labels say about each other.
  public enum Outcome: String, Sendable {
    /// The same label.
    case agrees
    /// The reference's first two are closer than the allowed error: either label would be right.
    case tieWithinBound = "tie within bound"
    /// Another label, and the reference is decided.
    case differs
  }

  /// One item of the batch.
  public struct Item: Equatable, Sendable {
    /// The reference's label.
    public var expected: Int
    /// The model's label.
    public var actual: Int
    /// Distance between the reference's first and second logit.
    public var margin: Double
    /// What they say.
    public var outcome: Outcome
    /// Whether the five largest are the same ones, decided by the distance of the fifth and the sixth; nil where there
    /// are no more than five classes.
    public var topFive: Outcome?
  }

  /// One for each image.
  public var items: [Item]

  /// Compares the top label of each row of `[count, classes]`.
  ///
  /// `bound` is twice the largest error that the criterion allows, in logits.
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

  /// Whether no image differs, neither in its first label nor in its first five.
  public var passes: Bool { !items.contains { $0.outcome == .differs || $0.topFive == .differs } }

  private static func topFive(
    _ result: ArraySlice<Double>, _ reference: ArraySlice<Double>, _ bound: Double
  ) -> Outcome? {
    let count = 5
    guard reference.count > count else { return nil }
    func order(_ row: ArraySlice<Double>) -> [Int] {
      // A NaN is nobody's label; the lower position wins a tie.
      let values = row.map { $0.isNaN ? -Double.infinity : $0 }
      return values.indices.sorted { (-values[$0], $0) < (-values[$1], $1) }
    }
    let expected = order(reference)
    if Set(expected.prefix(count)) == Set(order(result).prefix(count)) { return .agrees }
    let fifth = reference[reference.startIndex + expected[count - 1]]
    let sixth = reference[reference.startIndex + expected[count]]
    return fifth - sixth > bound ? .differs : .tieWithinBound
  }

  /// Positions of the largest and the second largest element; the lower position wins a tie.
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
