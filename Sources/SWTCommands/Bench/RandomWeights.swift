internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTTensors

extension LayerTree {
  /// Weights that depend only on the tree, with BatchNorm not folded. Their activations neither vanish nor
  /// explode, which suffices to time a network without a checkpoint.
  func syntheticWeights() -> WeightTable {
    var table = WeightTable()
    var counter: UInt64 = 0
    /// Uniform in `middle ± width`.
    func floats(_ count: Int, around middle: Float, width: Float) -> ContiguousArray<Float> {
      defer { counter += UInt64(count) }
      return ContiguousArray((0..<count).lazy.map { middle + width * SplitMix64.unit(counter &+ UInt64($0)) })
    }
    for spec in parameters {
      let count = spec.elementCount
      switch spec.role {
      case .convolution, .attentionWeight, .linearWeight:
        // As in He et al. 2015: variance 2 / fan-in.
        let fanIn = Float(spec.shape.dropFirst().reduce(1, *))
        table.tensors[spec.name] = floats(count, around: 0, width: (6 / fanIn).squareRoot())
      case .normWeight:
        table.tensors[spec.name] = floats(count, around: 0.6, width: 0.3)
      case .runningVar:
        table.tensors[spec.name] = floats(count, around: 1.25, width: 0.75)
      case .normBias, .runningMean, .linearBias, .convolutionBias, .attentionBias:
        table.tensors[spec.name] = floats(count, around: 0, width: 0.3)
      case .batchCount: break
      }
    }
    return table
  }
}

extension FeatureMap<Float> {
  /// Images that depend only on their shape.
  static func synthetic(_ shape: [Int]) -> FeatureMap<Float> {
    FeatureMap(shape: shape, values: (0..<shape.reduce(1, *)).map { 2 * SplitMix64.unit(UInt64($0)) })
  }
}
