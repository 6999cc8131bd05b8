package import ResNetArchitecture

/// Another function of the same weights: what ports are known to compute instead.
///
/// The default deviates nowhere. Only ``ReferenceEngine`` computes these.
public struct Deviation: Hashable, Sendable {
  /// Where zeros stand around the input of convolutions, and minus infinity around that of the max-pool.
  public enum Padding: Hashable, Sendable {
    /// The same number on both sides, as PyTorch states it.
    case explicit
    /// TensorFlow's SAME: just enough for `ceil(n / stride)` outputs, the odd one at the end.
    case same
  }

  /// What the residual sum does with the ReLU.
  public enum Sum: Hashable, Sendable {
    /// `relu(body + shortcut)`
    case reluAfter
    /// `relu(body) + shortcut`
    case reluBefore
    /// `body + shortcut`
    case noReLU
    /// `relu(body)`: the shortcut is forgotten.
    case noShortcut

    func apply(_ body: Double, _ shortcut: Double) -> Double {
      switch self {
      case .reluAfter: relu(body + shortcut)
      case .reluBefore: relu(body) + shortcut
      case .noReLU: body + shortcut
      case .noShortcut: relu(body)
      }
    }
  }

  /// What stands in for the global mean before the classifier.
  public enum Pooling: Hashable, Sendable {
    /// The mean of each channel, as it should be.
    case mean
    /// The largest value of each channel.
    case maximum
    /// The mean without its division.
    case sum
    /// The first pixel of each plane, as when nothing pools and only the first values are read.
    case firstPixel
  }

  /// BatchNorm's epsilon; nil is the architecture's.
  public var epsilon: Double?
  /// Padding of convolutions, and of the max-pool where ``poolPadding`` does not say another.
  public var padding = Padding.explicit
  /// The max-pool's padding, when that alone is another.
  public var poolPadding: Padding?
  /// Whether the max-pool has the other `ceil_mode`.
  public var poolRoundsOtherwise = false
  /// Whether the stride of a bottleneck sits on the other one of its first two convolutions.
  public var movesStride = false
  /// What happens to body and shortcut.
  public var sum = Sum.reluAfter
  /// What stands in for the global mean.
  public var pooling = Pooling.mean
  /// Whether BatchNorm uses the statistics of the batch, as in training.
  public var usesBatchStatistics = false
  /// Where fewer bits are kept than in float32; nil for nowhere.
  public var rounding: Rounding?
  /// The stages that deviate; nil is all.
  public var stages: Set<String>?

  /// Deviates nowhere.
  public init() {}

  /// What holds for one stage.
  func at(_ stage: String) -> Deviation {
    stages.map { $0.contains(stage) } ?? true ? self : Deviation()
  }

  /// Whether a stage of the network may compute something else than without deviation.
  package func concerns(_ stage: String, of tree: LayerTree) -> Bool {
    let here = at(stage)
    if here == Deviation() { return false }
    if here.epsilon != nil || here.rounding != nil || here.usesBatchStatistics {
      return stage != tree.maxPool?.name
    }
    if stage == tree.head?.name { return false }
    if stage == "avgpool" { return here.pooling != .mean }
    if stage == tree.maxPool?.name {
      return here.poolRoundsOtherwise || (here.poolPadding ?? here.padding) != .explicit
    }
    if stage == tree.stem.name { return here.padding != .explicit }
    guard let block = tree.blocks.first(where: { $0.name == stage }) else { return true }
    return here.sum != .reluAfter || (here.movesStride && here.body(of: block) != block.body)
      || (here.padding != .explicit && block.convolutions.contains { $0.stride > 1 && $0.kernel > 1 })
  }

  /// A block's convolutions, their strides where this deviation has them.
  func body(of block: ResidualBlock) -> [ConvolutionUnit] {
    var units = block.body
    guard movesStride, units.count == 3, units[0].stride != units[1].stride else { return units }
    let (first, second) = (units[0].stride, units[1].stride)
    units[0] = units[0].strided(by: second)
    units[1] = units[1].strided(by: first)
    return units
  }
}
