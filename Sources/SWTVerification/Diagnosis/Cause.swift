/// Why a model and a reference differ, and how well that explains it.
public struct Cause: Equatable, Sendable {
  /// On which side the fault lies.
  public enum Side: String, Sendable {
    /// The model file holds other weights than the reference had; undoing the damage explains the error.
    case weights
    /// The weights are right; the reference computed another function of them than this network's.
    case computation
    /// The input was prepared in another way.
    case input
    /// Weights were rounded to fewer bits.
    case precision
    /// Our own kernels.
    case engine
  }

  /// Stable, for programs: `bgr-input`, `bn-eps`, `blocks-swapped`.
  public var id: String
  /// A sentence without a full stop: `SAME padding as in TensorFlow instead of padding 1`.
  public var text: String
  /// Whose fault it is.
  public var side: Side
  /// The layer, block or tensor that it is about; nil for the whole network.
  public var place: String?
  /// Error of the output before and after the cause was taken into account.
  public var relL2Before, relL2After: Double
  /// The largest multiple of its floor that any output or tap has left; 0 where nothing was run.
  public var explainsToTimesFloor: Double
  /// True when every output and tap of this golden passes once the cause is taken into account. Only named tensors
  /// that digests show to differ are causes without such a run.
  public var isConfirmed: Bool

  package init(
    id: String, text: String, side: Side, place: String? = nil, relL2Before: Double, relL2After: Double,
    explainsToTimesFloor: Double, isConfirmed: Bool
  ) {
    self.id = id
    self.text = text
    self.side = side
    self.place = place
    self.relL2Before = relL2Before
    self.relL2After = relL2After
    self.explainsToTimesFloor = explainsToTimesFloor
    self.isConfirmed = isConfirmed
  }
}
