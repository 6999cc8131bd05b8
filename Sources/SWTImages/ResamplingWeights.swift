/// The inputs of the pixels of a resized line: for each a run of pixels with an integer weight each.
struct ResamplingWeights {
  /// The weights of a pixel add up to 2^22, except for rounding; PIL resizes 8-bit images in integer arithmetic.
  static let fractionBits: Int32 = 22

  /// A pixel's inputs: its first one, and where its weights are.
  struct Run {
    let first: Int
    let weights: Range<Int>
  }

  private(set) var runs: [Run] = []
  private(set) var weights: [Int32] = []

  /// The inputs of the pixels `window` of a line of `count`, resampled from `length`.
  ///
  /// When an image shrinks, the filter is stretched by the same factor, so every pixel contributes to the
  /// result, which torchvision calls "antialias".
  init(_ length: Int, to count: Int, window: Range<Int>, _ filter: ResamplingFilter) {
    let scale = Double(length) / Double(count)
    let stretch = max(scale, 1)
    let support = filter.support * stretch
    for index in window {
      let center = (Double(index) + 0.5) * scale
      let first = max(Int(center - support + 0.5), 0)
      let end = min(Int(center + support + 0.5), length)
      let exact = (first..<end).map { pixel in
        filter.weight(at: (Double(pixel) - center + 0.5) * (1 / stretch))
      }
      let sum = exact.reduce(0, +)
      let start = weights.count
      weights += exact.map { Self.fixedPoint(sum == 0 ? $0 : $0 / sum) }
      runs.append(Run(first: first, weights: start..<weights.count))
    }
  }

  /// The pixels that the runs need.
  var inputs: Range<Int> {
    let ends = runs.map { $0.first + $0.weights.count }
    return (runs.map(\.first).min() ?? 0)..<(ends.max() ?? 0)
  }

  /// Rounds to nearest, ties away from zero.
  private static func fixedPoint(_ weight: Double) -> Int32 {
    let scaled = weight * Double(Int32(1) << fractionBits)
    return Int32(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
  }
}
