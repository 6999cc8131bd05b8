import ResNetArchitecture
import ResNetEngine

/// Numbers that depend on the seed alone (Steele, Lea and Flood's SplitMix64).
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform in `range`.
  mutating func floats(_ count: Int, in range: Range<Float>) -> ContiguousArray<Float> {
    let step = (range.upperBound - range.lowerBound) / Float(1 << 24)
    return ContiguousArray((0..<count).map { _ in range.lowerBound + Float(next() >> 40) * step })
  }
}

extension LayerTree {
  /// Weights whose activations neither vanish nor explode, BatchNorm separate.
  func randomWeights(seed: UInt64) -> WeightTable {
    var random = SplitMix64(seed: seed)
    var table = WeightTable()
    for spec in parameters {
      let count = spec.elementCount
      switch spec.role {
      case .convolution, .attentionWeight, .linearWeight:
        let depth = spec.shape.dropFirst().reduce(1, *)
        let bound = (6 / Float(depth)).squareRoot()
        table.tensors[spec.name] = random.floats(count, in: -bound..<bound)
      case .normWeight: table.tensors[spec.name] = random.floats(count, in: 0.3..<0.9)
      case .runningVar: table.tensors[spec.name] = random.floats(count, in: 0.5..<2)
      case .normBias, .runningMean, .linearBias, .convolutionBias, .attentionBias:
        table.tensors[spec.name] = random.floats(count, in: -0.3..<0.3)
      case .batchCount: break
      }
    }
    return table
  }
}

extension FeatureMap<Float> {
  static func random(_ shape: [Int], seed: UInt64) -> FeatureMap<Float> {
    var random = SplitMix64(seed: seed)
    return FeatureMap(shape: shape, values: Array(random.floats(shape.reduce(1, *), in: -2..<2)))
  }
}

/// `‖a − b‖ / ‖b‖`.
func relativeError(_ a: FeatureMap<Float>, _ b: FeatureMap<Double>) -> Double {
  guard a.shape == b.shape else { return .infinity }
  var (difference, norm) = (0.0, 0.0)
  for (x, y) in zip(a.values, b.values) {
    difference += (Double(x) - y) * (Double(x) - y)
    norm += y * y
  }
  return (difference / norm).squareRoot()
}
