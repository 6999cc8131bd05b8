/// When a result counts as the same function as the reference.
///
/// The bound is the reference implementation's own fp32 error (its floor, measured over several variants of
/// PyTorch) times `k`. A fixed tolerance is unsound: the floor moves forty-fold with input and depth, and a
/// single damaged weight moves logits by less than the usual 1e-3.
public struct Criterion: Equatable, Sendable {
  /// `‖t − r‖₂ / ‖r‖₂` of PyTorch's own fp32 runs.
  public var floorRelL2: Double
  /// `max |t − r| / std(r)` of PyTorch's own fp32 runs.
  public var floorMax: Double
  /// Allowed multiple of the floor: 8, against 1.0 to 1.4 for correct implementations and 100 for small damage.
  public var k: Double
  /// False when the golden states no floor, and a conservative one stands in.
  public var isCalibrated: Bool

  /// The maximum norm is allowed half as much again as the L2 norm: one element varies more than all together.
  public static let maxFactor = 1.5

  /// Floors below half a unit in the last place of float32 are raised to that.
  public init(floorRelL2: Double, floorMax: Double, k: Double = 8, isCalibrated: Bool = true) {
    // Nothing computed in fp32 is closer than half a unit in the last place.
    self.floorRelL2 = max(floorRelL2, 0x1p-24)
    self.floorMax = max(floorMax, 0x1p-24)
    self.k = k
    self.isCalibrated = isCalibrated
  }

  /// What is allowed where a golden has no floor: 5e-5 for up to 53 convolutions, 2e-4 for 100 and more.
  public static func uncalibrated(convolutions: Int, k: Double = 8) -> Criterion {
    let relL2 = convolutions <= 53 ? 5e-5 : 2e-4
    return Criterion(floorRelL2: relL2 / 8, floorMax: 1e-3 / (8 * maxFactor), k: k, isCalibrated: false)
  }

  /// The largest relative L2 error that passes.
  public var allowedRelL2: Double { k * floorRelL2 }
  /// The largest error over the standard deviation that passes.
  public var allowedMax: Double { Self.maxFactor * k * floorMax }

  /// How many floors the error is: the larger of the two ratios, each by its own allowance's scale.
  public func timesFloor(_ metrics: ErrorMetrics) -> Double {
    guard metrics.firstNonFinite == nil else { return .infinity }
    return max(metrics.relL2 / floorRelL2, metrics.maxOverStd / (Self.maxFactor * floorMax))
  }

  /// True when both norms are within their bounds and every element is finite.
  public func accepts(_ metrics: ErrorMetrics) -> Bool {
    metrics.firstNonFinite == nil && metrics.relL2 <= allowedRelL2 && metrics.maxOverStd <= allowedMax
  }
}
