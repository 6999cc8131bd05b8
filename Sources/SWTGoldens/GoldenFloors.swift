/// The noise floors of a golden, over whole outputs and taps, even if only samples of those are stored.
package struct GoldenFloors: Equatable, Sendable {
  /// Free-running: the input of each layer is the output of the previous one. By tap name, `logits` or
  /// `layer4`.
  package internal(set) var free: [String: Golden.Floor] = [:]
  /// Teacher-forced: each block alone, its input the reference rounded to float32.
  package internal(set) var block: [String: Golden.Floor] = [:]
  /// With weights rounded to `f16`, `bf16` or `i8`: by precision, then by output.
  package internal(set) var precision: [String: [String: Golden.Floor]] = [:]

  static let precisions = ["f16", "bf16", "i8"]
}
