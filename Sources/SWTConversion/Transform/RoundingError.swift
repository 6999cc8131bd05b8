internal import CRounding
internal import SWT

/// Accumulates the difference between stored and exact values: the contents of a receipt.
///
/// Values that are not finite are stored unchanged and do not count.
struct RoundingError: Sendable {
  var sums = p2s_rounding_error()

  var maxAbsError: Double { sums.max_error }
  var maxAbsValue: Double { sums.max_value }

  /// `‖stored − exact‖₂ / ‖exact‖₂`; 0 if all are zero.
  var relL2: Double {
    var sums = sums
    return unsafe p2s_relative_error(&sums)
  }

  func receipt(from dtype: SWTDType, _ operations: SWTReceipt.Operations) -> SWTReceipt {
    SWTReceipt(
      sourceDType: dtype, operations: operations, maxAbsError: Float(maxAbsError), relL2Error: Float(relL2),
      maxAbsValue: Float(maxAbsValue))
  }
}
