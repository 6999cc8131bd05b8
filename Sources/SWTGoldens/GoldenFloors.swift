/// The floors of a golden, over whole outputs and taps also where only samples are stored.
package struct GoldenFloors: Equatable, Sendable {
  /// Free-running: every layer fed by the one before. By tap name, `logits` or `layer4`.
  package internal(set) var free: [String: Golden.Floor] = [:]
  /// Teacher-forced: each stage alone, fed by the float32 rounding of the reference.
  package internal(set) var block: [String: Golden.Floor] = [:]
  /// With weights rounded to `f16`, `bf16` or `i8`: by precision, then by output.
  package internal(set) var precision: [String: [String: Golden.Floor]] = [:]

  static let precisions = ["f16", "bf16", "i8"]
}
