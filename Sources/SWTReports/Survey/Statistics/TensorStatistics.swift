/// Statistics of the values of a tensor.
///
/// Mean, standard deviation, quartiles, histogram and outliers cover the finite values. The standard
/// deviation is the population's, like numpy's `std()` without arguments.
package struct TensorStatistics: Equatable, Sendable {
  /// An outlier and its row-major index.
  package struct Outlier: Equatable, Sendable {
    package let index: Int
    package let value: Double
  }

  /// Counts in equally wide bins between two values; the last bin includes its upper end.
  package struct Histogram: Equatable, Sendable {
    package static let binCount = 48
    package let low: Double
    package let high: Double
    package let counts: [Int]
    /// Number of finite values outside the range, which are outliers.
    package let below: Int
    package let above: Int
  }

  /// Minimum distance of an outlier from the median, in interquartile ranges.
  package static let fence = 10.0
  /// Maximum number of outliers that are listed.
  package static let outlierLimit = 8

  package internal(set) var count = 0
  package internal(set) var zeros = 0
  package internal(set) var nans = 0
  package internal(set) var infinities = 0
  package internal(set) var firstNaN: Int?
  package internal(set) var firstInfinity: Int?
  /// This and the following are NaN if no value is finite.
  package internal(set) var minimum = Double.nan
  package internal(set) var maximum = Double.nan
  package internal(set) var mean = Double.nan
  package internal(set) var deviation = Double.nan
  /// Rounded down to an element. Exact up to 4096 values, otherwise within a sixteenth of the interquartile
  /// range.
  package internal(set) var quartiles = [Double.nan, .nan, .nan]
  package internal(set) var histogram: Histogram?
  package internal(set) var outlierCount = 0
  /// Farthest first.
  package internal(set) var outliers: [Outlier] = []
  package internal(set) var channels: ChannelFindings?

  package var finite: Int { count - nans - infinities }
}
