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
  /// Replaces mean and variance with those of a batch, before its bias; a folded BatchNorm has none.
  mutating func adopt(statisticsOf images: [Planes]) {
    guard let first = images.first, norm != nil else { return }
    let area = first.height * first.width
    let count = Double(area * images.count)
    for channel in 0..<first.channels {
      let range = channel * area..<(channel + 1) * area
      let mean = images.reduce(0) { $1.values[range].reduce($0, +) } / count
      let squares = images.reduce(0) { sum, image in
        image.values[range].reduce(sum) { $0 + ($1 - mean) * ($1 - mean) }
      }
      norm?.mean[channel] = mean + (bias?[channel] ?? 0)
      norm?.variance[channel] = squares / count
    }
  }
}
