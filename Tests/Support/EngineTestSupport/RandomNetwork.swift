package import ResNetArchitecture
package import ResNetEngine
internal import TestSupport

extension LayerTree {
  /// Weights whose activations neither vanish nor explode, BatchNorm separate.
  package func randomWeights(seed: UInt64) -> WeightTable {
    var random = Noise(seed: seed)
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
  package static func random(_ shape: [Int], seed: UInt64) -> FeatureMap<Float> {
    var random = Noise(seed: seed)
    return FeatureMap(shape: shape, values: Array(random.floats(shape.reduce(1, *), in: -2..<2)))
  }
}

/// `‖a − b‖ / ‖b‖`.
package func relativeError(_ a: FeatureMap<Float>, _ b: FeatureMap<Double>) -> Double {
  guard a.shape == b.shape else { return .infinity }
  var (difference, norm) = (0.0, 0.0)
  for (x, y) in zip(a.values, b.values) {
    difference += (Double(x) - y) * (Double(x) - y)
    norm += y * y
  }
  return (difference / norm).squareRoot()
}
