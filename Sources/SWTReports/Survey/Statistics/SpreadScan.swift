/// A second pass over the values for the histogram and outliers.
struct SpreadScan {
  private let median: Double
  /// Values outside this range are outliers.
  private let inside: ClosedRange<Double>
  private let low: Double
  private let high: Double
  private let scale: Double
  private var counts = [Int](repeating: 0, count: TensorStatistics.Histogram.binCount)
  private var below = 0
  private var above = 0
  private var farthest: [TensorStatistics.Outlier] = []
  private var position = 0

  /// nil if there is no histogram: all finite values are equal, or their range overflows.
  init?(_ statistics: TensorStatistics) {
    guard statistics.minimum < statistics.maximum else { return nil }
    let (lower, median, upper) = (
      statistics.quartiles[0], statistics.quartiles[1], statistics.quartiles[2]
    )
    // If half of the values are equal, the quartiles give no spread; use the standard deviation.
    let spread = upper > lower ? upper - lower : statistics.deviation / 2
    let reach = TensorStatistics.fence * spread
    guard reach.isFinite, (statistics.maximum - statistics.minimum).isFinite else { return nil }
    self.median = median
    inside = median - reach...median + reach
    low = max(statistics.minimum, inside.lowerBound)
    high = min(statistics.maximum, inside.upperBound)
    guard high > low else { return nil }
    scale = Double(counts.count) / (high - low)
    guard scale.isFinite else { return nil }
  }

  mutating func add(_ numbers: [Double]) {
    for (i, value) in numbers.enumerated() where value.isFinite {
      if value >= low, value <= high {
        counts[min(Int((value - low) * scale), counts.count - 1)] += 1
      } else {
        if value < low { below += 1 } else { above += 1 }
        keep(value, at: position + i)
      }
    }
    position += numbers.count
  }

  private mutating func keep(_ value: Double, at index: Int) {
    func distance(_ value: Double) -> Double { (value - median).magnitude }
    let limit = TensorStatistics.outlierLimit
    if farthest.count == limit, let last = farthest.last, distance(value) <= distance(last.value) { return }
    let place = farthest.firstIndex { distance($0.value) < distance(value) } ?? farthest.count
    farthest.insert(.init(index: index, value: value), at: place)
    if farthest.count > limit { farthest.removeLast() }
  }

  func add(to statistics: inout TensorStatistics) {
    statistics.histogram = .init(low: low, high: high, counts: counts, below: below, above: above)
    statistics.outlierCount = below + above
    statistics.outliers = farthest
  }
}
