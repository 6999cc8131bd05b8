internal import PthReader

/// How the integers of a weight become real numbers: `(q − zero point) × scale`, per filter.
///
/// PyTorch multiplies in float32. The product of an 8-bit integer and a float32 number is exact in double
/// precision, so one rounding to float32 gives the same bits.
struct Dequantization: Sendable {
  /// One per filter, holding float32 values.
  let scales: [Double]
  /// One per filter; nil if all are 0.
  let zeroPoints: [Double]?

  /// Nil for a tensor without a quantizer, or one along another axis than the filters'.
  init?(_ entry: TensorEntry) {
    guard let quantizer = entry.quantizer, let filters = entry.shape.first else { return nil }
    let zeros: [Double]
    switch quantizer {
    case .perTensor(let scale, let zero):
      scales = Array(repeating: Double(Float(scale)), count: filters)
      zeros = Array(repeating: Double(zero), count: filters)
    case .perChannel(let axis, let factors, let points):
      guard axis == 0, factors.count == filters, points.count == filters else { return nil }
      (scales, zeros) = (factors.map { Double(Float($0)) }, points)
    }
    zeroPoints = zeros.allSatisfy { $0 == 0 } ? nil : zeros
  }
}
