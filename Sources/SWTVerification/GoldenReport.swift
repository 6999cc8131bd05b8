internal import ResNetEngine

/// The elements of an output beside those of its reference, for reports that draw them.
public struct ComparedValues: Sendable {
  /// What was computed.
  public let result: [Double]
  /// What it should be; as many elements.
  public let reference: [Double]
  /// Standard deviation of the reference.
  public let scale: Double
  /// Length of a row of logits; nil when the output is not logits.
  public let classes: Int?
}

/// What one golden said about the model.
public struct GoldenReport: Sendable {
  /// One output or tap against its reference.
  public struct Comparison: Sendable {
    /// `logits`, or the name of a tap.
    public var name: String
    /// How far it is from the reference.
    public var metrics: ErrorMetrics
    /// How far it may be.
    public var criterion: Criterion
    /// Whether labels agree; nil for taps.
    public var labels: LabelRule?
    /// True when the values are those of the float32 pass of the reference, bit for bit.
    public var isBitExact: Bool
    /// The compared values themselves; of the network's output alone.
    public var values: ComparedValues?

    /// The error in multiples of the reference's own; 8 are allowed, unless a golden says otherwise.
    public var timesFloor: Double { criterion.timesFloor(metrics) }
    /// Whether errors and labels pass.
    public var passes: Bool { criterion.accepts(metrics) && (labels?.passes ?? true) }
  }

  /// The golden's name.
  public var name: String
  /// What computed its expectation: `torch 2.13.0 CPU`.
  public var producer: String
  /// `reference`, `imported` or `self`; see the goldens' `kind`.
  public var kind = "reference"
  /// Whether this program made it, so that it proves no port right.
  public var isSelfMade: Bool { kind == "self" }
  /// The model's weights against the digests that the golden records; nil when it records none.
  public var weights: WeightsReport?
  /// True when the golden states no floor for its output, so that a conservative one stands in.
  public var isUncalibrated = false
  /// The output first, then the taps in execution order.
  public var comparisons: [Comparison]
  /// Where a wrong result starts; nil when all is right, or when nobody can tell.
  public var divergence: Divergence?
  /// Every stage, free-running and teacher-forced; empty below `--level layers`.
  public var blocks: [BlockError] = []
  /// The convolutions of the block that ``divergence`` names, in execution order.
  public var layers: [LayerError] = []
  /// The first value that is no number, in execution order.
  public var nonFinite: NonFinite?
  /// Why, the best explanation first; empty when all is right or nothing explains it.
  public var causes: [Cause] = []
  /// What the double-precision engine made of the same weights, asked for when the fast engine's result is
  /// wrong: if it is right, the fault is in our kernels and not in the model.
  public var witness: ErrorMetrics?

  /// The bound for values stored in fewer bits, when they are, or for computing with such.
  public var reduced: ReducedPrecision?

  /// What float32 made of the output with the same weights, when ``comparisons`` are of an engine of reduced
  /// numbers.
  public var float32: ErrorMetrics?
  /// How well that engine agrees with its emulation, stage by stage.
  public var agreements: [StageAgreement] = []

  /// Whether every comparison and every stage passes; weights are judged apart.
  public var passes: Bool {
    !comparisons.contains { !$0.passes } && !agreements.contains { !$0.passes }
  }
  /// The best explanation.
  public var cause: Cause? { causes.first }
  /// Whether the output is the reference's, bit for bit.
  public var isBitExact: Bool { comparisons.first?.isBitExact ?? false }

  /// True when the witness agrees with the reference although the fast engine does not.
  public var blamesEngine: Bool {
    guard !passes, let witness, let criterion = comparisons.first?.criterion else { return false }
    return criterion.accepts(witness)
  }
}

/// What verification found out about a weight file.
public struct VerificationReport: Sendable {
  /// How close the forward pass is, as a whole.
  public enum Class: String, Sendable {
    /// Every output is the reference's, bit for bit.
    case bitExact = "bit-exact"
    /// Within the noise of float32.
    case fp32
    /// Within what fewer bits cost.
    case reducedPrecision = "reduced-precision"
    /// Only goldens that this program made itself agree: nothing changed, which proves no port right.
    case selfMade = "self-made"
    /// Weights were compared, and no forward pass was run.
    case weights
    /// Something does not pass.
    case wrong
  }

  /// The file's path, as it was given.
  public var model: String
  /// The architecture's name.
  public var architecture: String
  /// Learned numbers of the network.
  public var parameterCount: Int
  /// `swt1:` and 64 hexadecimal digits; nil for a file without digests.
  public var contentID: String?
  /// What computed the network: instruction set and precision.
  public var engine: String
  /// Comparison with `--source`, when asked for.
  public var source: WeightsReport?
  /// One for each golden test.
  public var goldens: [GoldenReport]
  /// What `--mutate` found out about the goldens; nil when it was not asked for.
  public var mutation: MutationScore?
  /// What the file says was done to its values; nil when nothing was.
  public var stored: StoredPrecision?
  /// What computed the network: `f32`, `bf16`, `i8` or `double`.
  public var compute = "f32"
  /// Set when convolutions multiplied reduced numbers.
  var reducedCompute: ComputePrecision?

  /// Says of which kind a reduced-precision result is; nil for others.
  public var errorClass: String? {
    guard verdictClass == .reducedPrecision else { return nil }
    if let reducedCompute { return "\(reducedCompute.rawValue) weights and activations" }
    return stored.map { "\($0.precision) weights" }
  }

  /// Whether all tensors are those of the source and of what the goldens record.
  public var weightsPass: Bool {
    (source?.passes ?? true) && !goldens.contains { $0.weights.map { !$0.passes } ?? false }
  }
  /// Whether every golden passes.
  public var forwardPasses: Bool { !goldens.contains { !$0.passes } }
  /// Whether weights and forward passes are right.
  public var passes: Bool { weightsPass && forwardPasses }

  /// Whether a golden's input went through the network.
  public var ranForward: Bool { goldens.contains { !$0.comparisons.isEmpty } }

  /// The verdict in one word.
  public var verdictClass: Class {
    guard passes else { return .wrong }
    guard ranForward else { return .weights }
    if isSelfMade { return .selfMade }
    if reducedCompute != nil, !goldens.isEmpty { return .reducedPrecision }
    if let stored, stored.isReduced { return .reducedPrecision }
    let outside = goldens.filter { !$0.isSelfMade }
    return !outside.isEmpty && outside.allSatisfy(\.isBitExact) ? .bitExact : .fp32
  }

  /// True when there are goldens and none comes from outside.
  public var isSelfMade: Bool { !goldens.isEmpty && goldens.allSatisfy(\.isSelfMade) }
}
