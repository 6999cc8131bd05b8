/// A cause of the difference between model and reference, and how much of it it explains.
public struct Cause: Equatable, Sendable {
  /// The side of the fault.
  public enum Side: String, Sendable {
    /// The model file has other weights than the reference; undoing the damage explains the error.
    case weights
    /// The weights are right; the reference computed a different function of them.
    case computation
    /// The input was prepared differently.
    case input
    /// Weights were rounded to fewer bits.
    case precision
    /// Our kernels.
    case engine
  }

  /// A stable identifier for programs: `bgr-input`, `bn-eps`, `blocks-swapped`.
  public var id: String
  /// A sentence without a period: `SAME padding as in TensorFlow instead of padding 1`.
  public var text: String
  /// The side of the fault.
  public var side: Side
  /// The layer, block or tensor at fault; nil for the whole network.
  public var place: String?
  /// Relative L2 error of the output, before and after taking the cause into account.
  public var relL2Before, relL2After: Double
  /// The largest remaining error of any output or tap, in floors; 0 if nothing was run.
  public var explainsToTimesFloor: Double
  /// Whether every output and tap of this golden passes when the cause is taken into account. Only tensors
  /// named by differing digests are causes without such a run.
  public var isConfirmed: Bool
  /// The program that computed what the cause explains.
  public var party = CauseParty.reference
  /// What to change, if that is known.
  public var hint: String?

  /// The part of the error that is left when the cause is taken into account: 0 if it explains everything.
  public var fractionLeft: Double {
    relL2Before > 0 && relL2After.isFinite ? relL2After / relL2Before : .nan
  }

  package init(
    id: String, text: String, side: Side, place: String? = nil, relL2Before: Double, relL2After: Double,
    explainsToTimesFloor: Double, isConfirmed: Bool, party: CauseParty = .reference
  ) {
    self.party = party
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
