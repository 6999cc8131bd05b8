/// How the values of one tensor are spread.
///
/// Mean, deviation, quartiles, histogram and outliers are over the finite values; the deviation is the population's, as
/// numpy's `std()` is without arguments.
package struct TensorStatistics: Equatable, Sendable {
  /// A value far from all others, and its row-major index.
  package struct Outlier: Equatable, Sendable {
    package let index: Int
    package let value: Double
  }

  /// Counts of equally wide bins between two values; the last bin includes its upper end.
  package struct Histogram: Equatable, Sendable {
    package static let binCount = 48
    package let low: Double
    package let high: Double
    package let counts: [Int]
    /// Finite values outside: outliers.
    package let below: Int
    package let above: Int
  }

  /// How many spreads from the median a value has to be to count as an outlier.
  package static let fence = 10.0
  /// Outliers that are named.
  package static let outlierLimit = 8

  package internal(set) var count = 0
  package internal(set) var zeros = 0
  package internal(set) var nans = 0
  package internal(set) var infinities = 0
  package internal(set) var firstNaN: Int?
  package internal(set) var firstInfinity: Int?
  /// NaN where no value is finite, as all that follow.
  package internal(set) var minimum = Double.nan
  package internal(set) var maximum = Double.nan
  package internal(set) var mean = Double.nan
  package internal(set) var deviation = Double.nan
  /// The lower value where there is a choice. Exact up to 4096 values, else within a sixteenth of the spread.
  package internal(set) var quartiles = [Double.nan, .nan, .nan]
  package internal(set) var histogram: Histogram?
  package internal(set) var outlierCount = 0
  /// The farthest first.
  package internal(set) var outliers: [Outlier] = []
  package internal(set) var channels: ChannelFindings?

  package var finite: Int { count - nans - infinities }
}
