/// A stage of a reduced-precision engine compared with its emulation, both with the same input.
///
/// Over a whole network the two drift apart: a value near a rounding tie may be rounded either way, and later
/// stages turn that into noise as large as that of the rounding itself. Within one stage this cannot happen,
/// so any layer that is entirely wrong stands out.
public struct StageAgreement: Sendable {
  /// `conv1`, `layer2.0`.
  public let stage: String
  /// `‖y − e‖₂ / ‖e‖₂` of the engine's output y and the emulation's e.
  public let difference: Double
  /// The rounding error of this stage: the same difference for float32 and the emulation.
  public let cost: Double
  /// Whether all values are finite.
  public let isFinite: Bool

  /// Allowed fraction of the cost. Correct engines needed at most a thirteenth over the fixtures.
  private static let part = 0.25
  /// The difference that two float32 passes may have in one stage.
  private static let floor = 1e-5

  /// The largest accepted difference: a quarter of the cost, but at least float32 rounding.
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
