/// One stage of an engine of reduced numbers against its emulation, both fed with the same.
///
/// Over a whole network the two drift apart: a value that lies at a tie of the rounding falls to either side,
/// and the stages behind make noise of it, as large as that of the rounding itself. Within one stage there is
/// no time for that, so here every whole layer that is wrong stands out.
public struct StageAgreement: Sendable {
  /// `conv1`, `layer2.0`.
  public let stage: String
  /// `‖y − e‖₂ / ‖e‖₂` of the engine's output and the emulation's.
  public let difference: Double
  /// What the rounding costs in this stage: the same of float32 and the emulation.
  public let cost: Double
  /// Whether all numbers are finite.
  public let isFinite: Bool

  /// Allowed part of the cost. Sound engines needed a thirteenth at most over the fixtures.
  private static let part = 0.25
  /// What two float32 passes may differ by in one stage.
  private static let floor = 1e-5

  /// The largest difference that passes: a quarter of the cost, but no less than rounding.
  public var allowed: Double { max(Self.part * cost, Self.floor) }
  /// Whether engine and emulation agree.
  public var passes: Bool { isFinite && difference <= allowed }

  package init(stage: String, engine: [Float], float32: [Float], emulation: [Double]) {
    self.stage = stage
    let metrics = ErrorMetrics(engine.map { Double($0) }, reference: emulation)
    difference = metrics.relL2
    isFinite = metrics.firstNonFinite == nil
    cost = ErrorMetrics(float32.map { Double($0) }, reference: emulation).relL2
  }
}
