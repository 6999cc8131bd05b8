internal import ResNetEngine
internal import SWTBytes

extension ChannelStatistics {
  /// How much more these differ from running statistics than those of other pictures would: the logarithms of
  /// the ratios of squared differences, of means and of variances, as far as they are positive.
  ///
  /// Running statistics of a short training are still on their way from 0 and 1, by the same part in each
  /// channel, so they are compared up to a factor and a summand.
  func disagreement(means: [Double], variances: [Double]) -> Double {
    Self.disagreement(batch.means, parts.map(\.means), means)
      + Self.disagreement(batch.variances, parts.map(\.variances), variances)
  }

  private static func disagreement(_ values: [Double], _ parts: [[Double]], _ expected: [Double]) -> Double {
    guard parts.count > 1, values.count == expected.count else { return 0 }
    let count = Double(values.count)
    let (mean, expectedMean) = (values.reduce(0, +) / count, expected.reduce(0, +) / count)
    var (square, product, expectedSquare, noise) = (0.0, 0.0, 0.0, 0.0)
    for channel in values.indices {
      let (value, wanted) = (values[channel] - mean, expected[channel] - expectedMean)
      square += value * value
      product += value * wanted
      expectedSquare += wanted * wanted
      let own = parts.map { $0[channel] }
      let center = own.reduce(0, +) / Double(own.count)
      noise += own.reduce(0) { $0 + ($1 - center) * ($1 - center) }
    }
    noise /= Double(parts.count * (parts.count - 1))
    // Means of noise tell nothing.
    let weight = max(0, 1 - noise / square)
    let factor = max(0, product / square)
    let rest = expectedSquare - factor * factor * square
    // The last summand is what rounding and momentum change anyway.
    let ratio = rest / (factor * factor * noise + 1e-4 * expectedSquare)
    return ratio.isFinite && ratio > 1 ? weight * Logarithm.base10(ratio) : 0
  }
}
