/// The 8-bit floating-point types of the OCP specification and their "fnuz" variants.
package enum EighthPrecision {
  /// The value of one bit pattern; exact, because every one of them is representable as `Float`.
  ///
  /// - Precondition: `type` is one of the five 8-bit floating-point types.
  package static func float(_ bits: UInt8, _ type: ScalarType) -> Float {
    if type == .float8_e8m0fnu {
      return bits == 0xFF ? .nan : Float(sign: .plus, exponent: Int(bits) - 127, significand: 1)
    }
    let isUnsignedZero = type == .float8_e5m2fnuz || type == .float8_e4m3fnuz
    let fractionBits = type == .float8_e5m2 || type == .float8_e5m2fnuz ? 2 : 3
    let bias = (1 << (6 - fractionBits)) - (isUnsignedZero ? 0 : 1)
    let exponent = Int(bits & 0x7F) >> fractionBits
    let fraction = Int(bits) & (1 << fractionBits - 1)
    switch type {
    case .float8_e5m2 where exponent == 31:
      if fraction != 0 { return .nan }
      return bits & 0x80 == 0 ? .infinity : -.infinity
    case .float8_e4m3fn where bits & 0x7F == 0x7F: return .nan
    case _ where isUnsignedZero && bits == 0x80: return .nan
    default: break
    }
    let significand = Float(exponent == 0 ? fraction : fraction + 1 << fractionBits)
    let magnitude = Float(
      sign: .plus, exponent: max(exponent, 1) - bias - fractionBits, significand: significand)
    return bits & 0x80 == 0 ? magnitude : -magnitude
  }
}
