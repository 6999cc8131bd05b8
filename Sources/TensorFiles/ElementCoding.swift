package import SWTBytes
package import SWTTensors

/// Little-endian element bytes to numbers and back.
package enum ElementCoding {
  /// The values of contiguous elements; rounded once where the type is wider than `Float`.
  package static func floats(_ bytes: [UInt8], _ type: ScalarType) throws(ParseFailure) -> [Float] {
    switch type {
    case .float32: return words(bytes, UInt32.self).map { Float(bitPattern: $0) }
    case .float64: return words(bytes, UInt64.self).map { Float(Double(bitPattern: $0)) }
    case .int32: return words(bytes, UInt32.self).map { Float(Int32(bitPattern: $0)) }
    case .uint32: return words(bytes, UInt32.self).map { Float($0) }
    case .int64: return words(bytes, UInt64.self).map { Float(Int64(bitPattern: $0)) }
    case .uint64: return words(bytes, UInt64.self).map { Float($0) }
    default: return try narrow(bytes, type)
    }
  }

  /// The values of contiguous elements; exact but for 64-bit integers above 2^53.
  package static func doubles(_ bytes: [UInt8], _ type: ScalarType) throws(ParseFailure) -> [Double] {
    switch type {
    case .float32: return words(bytes, UInt32.self).map { Double(Float(bitPattern: $0)) }
    case .float64: return words(bytes, UInt64.self).map { Double(bitPattern: $0) }
    case .int32: return words(bytes, UInt32.self).map { Double(Int32(bitPattern: $0)) }
    case .uint32: return words(bytes, UInt32.self).map { Double($0) }
    case .int64: return words(bytes, UInt64.self).map { Double(Int64(bitPattern: $0)) }
    case .uint64: return words(bytes, UInt64.self).map { Double($0) }
    default: return try narrow(bytes, type).map(Double.init)
    }
  }

  /// Types whose every value a `Float` holds.
  private static func narrow(_ bytes: [UInt8], _ type: ScalarType) throws(ParseFailure) -> [Float] {
    switch type {
    case .float16: return words(bytes, UInt16.self).map { HalfPrecision.float(half: $0) }
    case .bfloat16: return words(bytes, UInt16.self).map { HalfPrecision.float(bfloat: $0) }
    case .int16: return words(bytes, UInt16.self).map { Float(Int16(bitPattern: $0)) }
    case .uint16: return words(bytes, UInt16.self).map { Float($0) }
    case .int8: return bytes.map { Float(Int8(bitPattern: $0)) }
    case .uint8: return bytes.map { Float($0) }
    case .bool: return bytes.map { $0 == 0 ? 0 : 1 }
    case .float8_e5m2, .float8_e4m3fn, .float8_e5m2fnuz, .float8_e4m3fnuz, .float8_e8m0fnu:
      let table = (0...255).map { eighth(UInt8($0), type) }
      return bytes.map { table[Int($0)] }
    default:
      throw ParseFailure(.unsupported("the values of a \(type.rawValue) tensor are not real numbers"))
    }
  }

  /// An 8-bit float: sign, exponent and fraction as the OCP and the "fnuz" definitions give them.
  private static func eighth(_ bits: UInt8, _ type: ScalarType) -> Float {
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

  package static func bytes(_ values: [Float]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(values.count * 4)
    for value in values { append(value.bitPattern, to: &bytes) }
    return bytes
  }

  package static func bytes(_ values: [Double]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(values.count * 8)
    for value in values { append(value.bitPattern, to: &bytes) }
    return bytes
  }

  /// Appends a little-endian integer.
  package static func append(_ value: some FixedWidthInteger & UnsignedInteger, to bytes: inout [UInt8]) {
    for shift in stride(from: 0, to: value.bitWidth, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }

  /// The little-endian integers that fill `bytes`; a rest too short for one is left out.
  private static func words<T: FixedWidthInteger & UnsignedInteger>(_ bytes: [UInt8], _: T.Type) -> [T] {
    let size = T.bitWidth / 8
    var result: [T] = []
    result.reserveCapacity(bytes.count / size)
    var at = 0
    while at + size <= bytes.count {
      var value: T = 0
      for i in 0..<size { value |= T(truncatingIfNeeded: bytes[at + i]) << T(truncatingIfNeeded: 8 * i) }
      result.append(value)
      at += size
    }
    return result
  }
}
