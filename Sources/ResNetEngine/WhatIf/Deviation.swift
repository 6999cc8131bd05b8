internal import ResNetArchitecture

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
  /// The stages that deviate; nil is all.
  public var stages: Set<String>?

  /// Deviates nowhere.
  public init() {}

  /// What holds for one stage.
  func at(_ stage: String) -> Deviation {
    stages.map { $0.contains(stage) } ?? true ? self : Deviation()
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
