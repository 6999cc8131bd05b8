/// The largest error that may pass for a class of accuracy, whatever a golden says.
///
/// A golden states its own floors and the multiple of them that it allows, so it could allow anything. PyTorch's
/// own float32 error is at most 2e-5 for the deepest networks, eight times which is 1.6e-4; float32 results with
/// errors above 1e-3 are something else.
package enum ToleranceCeiling {
  /// Largest allowed relative L2 error for float32.
  package static let float32 = 1e-3
  /// Largest allowed error divided by the reference's standard deviation, in multiples of the allowed relative L2
  /// error: single elements vary more than all together. The fixtures need eleven times their floors.
  package static let maximumNorm = 20.0

  /// Largest allowed relative L2 error for outputs of weights in a precision: several times what rounding costs
  /// the worst of the networks that were measured.
  package static func reduced(_ precision: String) -> Double {
    switch precision {
    case "f16": 0.04
    case "bf16": 0.2
    case "i8": 1
    default: float32
    }
  }
}
