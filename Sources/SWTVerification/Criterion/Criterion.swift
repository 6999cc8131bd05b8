internal import SWTGoldens

/// When a result counts as the same function as the reference.
///
/// The bound is the fp32 error of the reference implementation itself (its floor, measured over several
/// variants of PyTorch) times `k`. A fixed tolerance is unsound: floors vary forty-fold with input and depth,
/// and a single damaged weight moves logits by less than the usual 1e-3.
public struct Criterion: Equatable, Sendable {
  /// `‖t − r‖₂ / ‖r‖₂` of PyTorch's fp32 runs.
  public var floorRelL2: Double
  /// `max |t − r| / std(r)` of PyTorch's fp32 runs.
  public var floorMax: Double
  /// Allowed multiple of the floor: 8; correct implementations reach 1.0 to 1.4, small damage 100.
  public var k: Double
  /// Whether the golden has a floor; otherwise a conservative default is used.
  public var isCalibrated: Bool
  /// The largest multiple of the floor that passes for the class of accuracy, as a relative L2 error; a golden
  /// that allows more is loose.
  public var ceiling = ToleranceCeiling.float32

  /// The allowance of the maximum norm relative to the L2 norm: a single element varies more than all
  /// together.
  public static let maxFactor = 1.5

  /// Creates a criterion; floors below half a unit in the last place of float32 are raised to it.
  public init(floorRelL2: Double, floorMax: Double, k: Double = 8, isCalibrated: Bool = true) {
    // No fp32 computation is more accurate than half a unit in the last place.
    self.floorRelL2 = max(floorRelL2, 0x1p-24)
    self.floorMax = max(floorMax, 0x1p-24)
    self.k = k
    self.isCalibrated = isCalibrated
  }

  /// The bound for goldens without floors: 5e-5 for up to 53 convolutions, 2e-4 for more.
  public static func uncalibrated(convolutions: Int, k: Double = 8) -> Criterion {
    let relL2 = convolutions <= 53 ? 5e-5 : 2e-4
    return Criterion(floorRelL2: relL2 / 8, floorMax: 1e-3 / (8 * maxFactor), k: k, isCalibrated: false)
  }

  /// The largest accepted relative L2 error.
  public var allowedRelL2: Double { k * floorRelL2 }
  /// The largest accepted error divided by the standard deviation.
  public var allowedMax: Double { Self.maxFactor * k * floorMax }

  /// Whether more is allowed than passes for the class of accuracy.
  public var isLoose: Bool {
    !(allowedRelL2 <= ceiling && k * floorMax <= ceiling * ToleranceCeiling.maximumNorm)
  }

  /// The error in floors: the larger of the two norms' ratios.
  public func timesFloor(_ metrics: ErrorMetrics) -> Double {
    guard metrics.firstNonFinite == nil else { return .infinity }
    return max(metrics.relL2 / floorRelL2, metrics.maxOverStd / (Self.maxFactor * floorMax))
  }

  /// Whether both norms are within their bounds and every element is finite.
  public func accepts(_ metrics: ErrorMetrics) -> Bool {
    metrics.firstNonFinite == nil && metrics.relL2 <= allowedRelL2 && metrics.maxOverStd <= allowedMax
  }
}
