/// Conversions between `Float` and the 16-bit types, bit patterns in and out.
///
/// Integer arithmetic, so that every platform gives the same bits (Float16 does not exist on Intel Macs).
package enum HalfPrecision {
  /// The value of an IEEE binary16 bit pattern; exact.
  package static func float(half bits: UInt16) -> Float {
    let sign = UInt32(bits & 0x8000) << 16
    let exponent = UInt32(bits >> 10) & 0x1F
    let fraction = UInt32(bits & 0x3FF)
    switch exponent {
    case 0x1F:
      return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    case 0:
      // Subnormal: fraction × 2^-24, exact in Float.
      let magnitude = Float(fraction) * Float(bitPattern: 0x3380_0000)
      return Float(bitPattern: sign | magnitude.bitPattern)
    default:
      return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }

  /// The value of a bfloat16 bit pattern; exact.
  package static func float(bfloat bits: UInt16) -> Float {
    Float(bitPattern: UInt32(bits) << 16)
  }

  /// Rounds to nearest, ties to even; overflow gives infinity, NaN stays NaN.
  package static func half(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    let sign = UInt16(bits >> 16) & 0x8000
    let magnitude = bits & 0x7FFF_FFFF
    if magnitude >= 0x7F80_0000 {
      return magnitude > 0x7F80_0000
        ? sign | 0x7E00 | UInt16((magnitude >> 13) & 0x3FF) : sign | 0x7C00
    }
    if magnitude < 0x3880_0000 {
      // Below 2^-14: the result is subnormal. Scaling by 2^24 and rounding to an integer is one rounding.
      let scaled = Float(bitPattern: magnitude) * 16_777_216
      return sign | UInt16(scaled.rounded(.toNearestOrEven))
    }
    let rebased = magnitude - 0x3800_0000
    let rounded = (rebased + 0xFFF + ((rebased >> 13) & 1)) >> 13
    return rounded >= 0x7C00 ? sign | 0x7C00 : sign | UInt16(rounded)
  }

  /// Rounds to nearest, ties to even; NaN stays a quiet NaN.
  package static func bfloat(_ value: Float) -> UInt16 {
    let bits = value.bitPattern
    if bits & 0x7FFF_FFFF > 0x7F80_0000 { return UInt16(bits >> 16) | 0x40 }
    return UInt16((bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16)
  }

  // MARK: From Double

  /// Rounds once, to nearest, ties to even; overflow gives infinity, NaN stays NaN.
  package static func half(_ value: Double) -> UInt16 { half(toOdd(value)) }

  /// Rounds once, to nearest, ties to even; NaN stays a quiet NaN.
  package static func bfloat(_ value: Double) -> UInt16 { bfloat(toOdd(value)) }

  /// Rounds to `Float` so that a second rounding, to a type of at most 22 bits, gives the correctly rounded
  /// result.
  ///
  /// An inexact result is truncated and its last bit set, so it never becomes a tie of the shorter type
  /// unless the exact value was one ("round to odd", Boldo and Melquiond 2008).
  private static func toOdd(_ value: Double) -> Float {
    let nearest = Float(value)
    guard Double(nearest) != value, !value.isNaN else { return nearest }
    let truncated =
      nearest.magnitude > Float.greatestFiniteMagnitude || Double(nearest.magnitude) > value.magnitude
      ? nearest.bitPattern - 1 : nearest.bitPattern
    return Float(bitPattern: truncated | 1)
  }
}
