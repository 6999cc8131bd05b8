/// The inputs of a pixel of a resized line: a run of pixels with an integer weight each.
struct Taps {
  /// The weights add up to 2^22, except for rounding; PIL resizes 8-bit images in integer arithmetic.
  static let fractionBits = 22

  let first: Int
  let weights: [Int]

  /// The taps of each of `count` pixels resampled from `length`.
  ///
  /// When an image shrinks, the filter is stretched by the same factor, so that every pixel contributes to
  /// the result, which torchvision calls "antialias".
  static func resizing(_ length: Int, to count: Int, _ filter: Filter) -> [Taps] {
    let scale = Double(length) / Double(count)
    let stretch = max(scale, 1)
    let support = filter.support * stretch
    return (0..<count).map { index in
      let center = (Double(index) + 0.5) * scale
      let first = max(Int(center - support + 0.5), 0)
      let end = min(Int(center + support + 0.5), length)
      let weights = (first..<end).map { pixel in
        filter.weight(at: (Double(pixel) - center + 0.5) * (1 / stretch))
      }
      let sum = weights.reduce(0, +)
      return Taps(first: first, weights: weights.map { fixedPoint(sum == 0 ? $0 : $0 / sum) })
    }
  }

  /// Rounds to nearest, ties away from zero.
  private static func fixedPoint(_ weight: Double) -> Int {
    let scaled = weight * Double(1 << fractionBits)
    return Int(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
  }
}
