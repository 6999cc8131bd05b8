extension Deviation {
  /// What is kept of a result: itself, or the nearest numbers of a narrower format.
  func stored(_ x: Planes) -> Planes {
    guard let rounding, rounding.roundsResults, rounding.layers == nil else { return x }
    var x = x
    x.values = rounding.activations(x.values)
    return x
  }
}

extension Normalization {
  /// Replaces mean and variance with those of a batch; a folded BatchNorm has none.
  mutating func adopt(_ batch: ChannelStatistics.Moments) {
    norm?.mean = batch.means
    norm?.variance = batch.variances
  }
}
