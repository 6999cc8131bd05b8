internal import ResNetEngine

/// An output and its reference, for reports that plot them.
public struct ComparedValues: Sendable {
  /// The computed values.
  public let result: [Double]
  /// The expected values, the same number.
  public let reference: [Double]
  /// Standard deviation of the reference.
  public let scale: Double
  /// Length of a row of logits; nil if the output is not logits.
  public let classes: Int?
}

/// The result of one golden.
public struct GoldenReport: Sendable {
  /// An output or tap, compared with its reference.
  public struct Comparison: Sendable {
    /// `logits`, or the name of a tap.
    public var name: String
    /// The errors.
    public var metrics: ErrorMetrics
    /// The bound.
    public var criterion: Criterion
    /// Whether labels agree; nil for taps.
    public var labels: LabelRule?
    /// Whether the values are bit for bit those of the reference's float32 pass.
    public var isBitExact: Bool
    /// The compared values; only for the network's output.
    public var values: ComparedValues?

    /// The error in floors; 8 are allowed, unless the golden says otherwise.
    public var timesFloor: Double { criterion.timesFloor(metrics) }
    /// Whether errors and labels pass.
    public var passes: Bool { criterion.accepts(metrics) && (labels?.passes ?? true) }
  }

  /// The golden's name.
  public var name: String
  /// The software that computed the expectation: `torch 2.13.0 CPU`.
  public var producer: String
  /// `reference`, `imported` or `self`; see the goldens' `kind`.
  public var kind = "reference"
  /// Whether this program made the golden, which therefore cannot prove a port right.
  public var isSelfMade: Bool { kind == "self" }
  /// The model's weights compared with the digests in the golden; nil if it has none.
  public var weights: WeightsReport?
  /// Whether the bound of an output or tap is above what passes for its class of accuracy.
  public var isLoose: Bool { comparisons.contains { $0.criterion.isLoose } }
  /// Whether the fault was not located because the golden's input is too large for that.
  public var isTooLargeToInvestigate = false
  /// Whether the golden has no floor for its output, so that a conservative default is used.
  public var isUncalibrated = false
  /// The output first, then the taps in execution order.
  public var comparisons: [Comparison]
  /// Where a wrong result starts; nil if everything passes or if it is unknown.
  public var divergence: Divergence?
  /// Why a wrong result has no place, if that is known.
  var vagueness: String?
  /// What is certain of an engine's error although no cause is.
  public var remark: String?
  /// Why ``divergence`` is nil; nil if it is not.
  public var divergenceReason: String? {
    guard divergence == nil else { return nil }
    if passes { return "nothing diverges" }
    if let vagueness { return vagueness }
    return isTooLargeToInvestigate
      ? "the golden's input is too large to look for the place" : "no output of a layer was compared"
  }
  /// Every stage, free-running and teacher-forced; empty unless layers are compared.
  public var blocks: [BlockError] = []
  /// The convolutions of the block in ``divergence``, in execution order.
  public var layers: [LayerError] = []
  /// The first value that is NaN or infinite, in execution order.
  public var nonFinite: NonFinite?
  /// Causes, the best explanation first; empty if everything passes or nothing explains it.
  public var causes: [Cause] = []
  /// The float64 engine's errors with the same weights, computed if the fast engine's result is wrong: if
  /// they are within bounds, the fault is in our kernels and not in the model.
  public var witness: ErrorMetrics?

  /// The bound for reduced precision, if values are stored or computed in it.
  public var reduced: ReducedPrecision?

  /// The errors of the float32 output with the same weights, if ``comparisons`` are of a reduced-precision
  /// engine.
  public var float32: ErrorMetrics?
  /// The agreement of that engine with its emulation, stage by stage.
  public var agreements: [StageAgreement] = []

  /// Whether every comparison and every stage passes; weights are judged separately.
  public var passes: Bool {
    !comparisons.contains { !$0.passes } && !agreements.contains { !$0.passes }
  }
  /// The best explanation.
  public var cause: Cause? { causes.first }
  /// Whether the output is bit for bit the reference's.
  public var isBitExact: Bool { comparisons.first?.isBitExact ?? false }

  /// Whether the float64 engine agrees with the reference although the fast engine does not.
  public var blamesEngine: Bool {
    guard !passes, let witness, let criterion = comparisons.first?.criterion else { return false }
    // A gain that is no more than rounding is no evidence against the kernels.
    return criterion.accepts(witness) && !(witness.relL2 * 10 > (comparisons.first?.metrics.relL2 ?? 0))
  }
}

/// The result of verifying a weight file.
public struct VerificationReport: Sendable {
  /// The accuracy of the forward pass as a whole.
  public enum Class: String, Sendable {
    /// Every output is bit for bit the reference's.
    case bitExact = "bit-exact"
    /// Within the noise of float32.
    case fp32
    /// A golden, or the caller, allows more than the error of its class, so that passing shows little.
    case loose
    /// Within the error of reduced precision.
    case reducedPrecision = "reduced-precision"
    /// Only goldens made by this program agree: nothing changed, which does not prove a port right.
    case selfMade = "self-made"
    /// Weights were compared, and no forward pass was run.
    case weights
    /// Something does not pass.
    case wrong
  }

  /// The path of the file, as given.
  public var model: String
  /// The architecture's name.
  public var architecture: String
  /// Number of learned values of the network.
  public var parameterCount: Int
  /// `swt1:` and 64 hexadecimal digits; nil for a file without digests.
  public var contentID: String?
  /// What computed the network: precision and instruction set.
  public var engine: String
  /// Tensors whose records contradict the file's metadata; nil if none does.
  public var contradictions: WeightsReport?
  /// The comparison with the source, if requested.
  public var source: WeightsReport?
  /// One per golden.
  public var goldens: [GoldenReport]
  /// The score of the goldens under mutations; nil if not requested.
  public var mutation: MutationScore?
  /// What was done to the file's values, from its receipts; nil if nothing was.
  public var stored: StoredPrecision?
  /// The precision of the computation: `f32`, `bf16`, `i8` or `double`.
  public var compute = "f32"
  /// The verdict about another engine, if its outputs were judged and not this program's.
  package var judgement: Judgement?
  /// The precision of convolutions, if reduced.
  var reducedCompute: ComputePrecision?

  /// The kind of a reduced-precision result; nil for others.
  public var errorClass: String? {
    guard verdictClass == .reducedPrecision else { return nil }
    if let reducedCompute { return "\(reducedCompute.rawValue) weights and activations" }
    return stored.map { "\($0.precision) weights" }
  }

  /// Whether all tensors are those of the source and of the goldens.
  public var weightsPass: Bool {
    contradictions == nil && (source?.passes ?? true)
      && !goldens.contains { $0.weights.map { !$0.passes } ?? false }
  }
  /// Whether every golden passes.
  public var forwardPasses: Bool { !goldens.contains { !$0.passes } }
  /// Whether weights and forward passes are right.
  public var passes: Bool { weightsPass && forwardPasses && judgement?.modelAgrees != false }

  /// Whether a golden's input went through the network.
  public var ranForward: Bool { goldens.contains { !$0.comparisons.isEmpty } }

  /// The verdict in one word.
  public var verdictClass: Class {
    guard passes else { return .wrong }
    guard ranForward else { return .weights }
    if goldens.contains(where: \.isLoose) { return .loose }
    if isSelfMade { return .selfMade }
    if reducedCompute != nil, !goldens.isEmpty { return .reducedPrecision }
    if let stored, stored.isReduced { return .reducedPrecision }
    let outside = goldens.filter { !$0.isSelfMade }
    return !outside.isEmpty && outside.allSatisfy(\.isBitExact) ? .bitExact : .fp32
  }

  /// Whether there are goldens and all were made by this program.
  public var isSelfMade: Bool { !goldens.isEmpty && goldens.allSatisfy(\.isSelfMade) }
}
