internal import SWT

/// Collects how far stored values are from the exact ones: the contents of a receipt.
struct RoundingError: Sendable {
  private(set) var maxAbsError = 0.0
  private(set) var maxAbsValue = 0.0
  private var squaredError = 0.0
  private var squaredValue = 0.0

  /// `‖stored − exact‖₂ / ‖exact‖₂`; 0 for zeros.
  var relL2: Double { squaredValue > 0 ? (squaredError / squaredValue).squareRoot() : 0 }

  /// Values that are not finite are kept as they are and count for nothing.
  mutating func add(exact: Double, stored: Double) {
    guard exact.isFinite else { return }
    let error = (stored - exact).magnitude
    maxAbsError = max(maxAbsError, error)
    maxAbsValue = max(maxAbsValue, exact.magnitude)
    squaredError += error * error
    squaredValue += exact * exact
  }

  func receipt(from dtype: SWTDType, _ operations: SWTReceipt.Operations) -> SWTReceipt {
    SWTReceipt(
      sourceDType: dtype, operations: operations, maxAbsError: Float(maxAbsError), relL2Error: Float(relL2),
      maxAbsValue: Float(maxAbsValue))
  }
}
