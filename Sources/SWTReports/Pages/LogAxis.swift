internal import SWTBytes

/// A logarithmic axis between two integer powers of ten.
package struct LogAxis {
  /// Exponents at the ends.
  package let low: Int
  package let high: Int
  /// Coordinates of the ends.
  package let start: Double
  package let end: Double

  /// An axis that includes all positive finite `values`.
  ///
  /// - Parameters:
  ///   - values: The values to include.
  ///   - start: Coordinate of the lower end.
  ///   - end: Coordinate of the upper end.
  ///   - least: Minimum number of decades.
  package init(_ values: [Double], from start: Double, to end: Double, atLeast least: Int = 2) {
    self.init(
      logs: values.filter { $0 > 0 && $0.isFinite }.map { Logarithm.base10($0) }, from: start, to: end,
      atLeast: least)
  }

  /// An axis that includes all of the logarithms.
  package init(logs: [Double], from start: Double, to end: Double, atLeast least: Int = 2) {
    var low = Int((logs.min() ?? -7).rounded(.down))
    var high = Int((logs.max() ?? -5).rounded(.up))
    while high - low < least { if (high - low) % 2 == 0 { high += 1 } else { low -= 1 } }
    (self.low, self.high, self.start, self.end) = (low, high, start, end)
  }

  /// Coordinate of a value; zero and negative values lie at the lower end, non-finite ones at the upper.
  package func place(_ value: Double) -> Double {
    guard !value.isNaN, value < .infinity else { return end }
    guard value > 0 else { return start }
    return place(log: Logarithm.base10(value))
  }

  package func place(log: Double) -> Double {
    let part = (log - Double(low)) / Double(high - low)
    return start + min(max(part, 0), 1) * (end - start)
  }

  /// Exponents to label, about `count` at most.
  package func ticks(_ count: Int) -> [Int] {
    let step = max(1, (high - low + count - 1) / count)
    return Array(stride(from: low, through: high, by: step))
  }
}
