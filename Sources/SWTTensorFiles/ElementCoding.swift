package import SWTBytes
package import SWTTensors

/// Converts little-endian element bytes to numbers and back.
package enum ElementCoding {
  /// The values of contiguous elements; rounded once if the type is wider than `Float`.
  package static func floats(_ bytes: [UInt8], _ type: ScalarType) throws(ParseFailure) -> [Float] {
    switch type {
    case .float32: return LittleEndian.words(bytes, UInt32.self).map { Float(bitPattern: $0) }
    case .float64: return LittleEndian.words(bytes, UInt64.self).map { Float(Double(bitPattern: $0)) }
    case .int32: return LittleEndian.words(bytes, UInt32.self).map { Float(Int32(bitPattern: $0)) }
    case .uint32: return LittleEndian.words(bytes, UInt32.self).map { Float($0) }
    case .int64: return LittleEndian.words(bytes, UInt64.self).map { Float(Int64(bitPattern: $0)) }
    case .uint64: return LittleEndian.words(bytes, UInt64.self).map { Float($0) }
    default: return try narrow(bytes, type)
    }
  }

  /// The values of contiguous elements; exact except for 64-bit integers above 2^53.
  package static func doubles(_ bytes: [UInt8], _ type: ScalarType) throws(ParseFailure) -> [Double] {
    switch type {
    case .float32: return LittleEndian.words(bytes, UInt32.self).map { Double(Float(bitPattern: $0)) }
    case .float64: return LittleEndian.words(bytes, UInt64.self).map { Double(bitPattern: $0) }
    case .int32: return LittleEndian.words(bytes, UInt32.self).map { Double(Int32(bitPattern: $0)) }
    case .uint32: return LittleEndian.words(bytes, UInt32.self).map { Double($0) }
    case .int64: return LittleEndian.words(bytes, UInt64.self).map { Double(Int64(bitPattern: $0)) }
    case .uint64: return LittleEndian.words(bytes, UInt64.self).map { Double($0) }
    default: return try narrow(bytes, type).map(Double.init)
    }
  }

  /// The integers of a quantized tensor.
  package static func integers(_ bytes: [UInt8], _ type: ScalarType) throws(ParseFailure) -> [Double] {
    switch type {
    case .qint8: return try doubles(bytes, .int8)
    case .quint8: return try doubles(bytes, .uint8)
    case .qint32: return try doubles(bytes, .int32)
    default: return try doubles(bytes, type)
    }
  }

  /// The types whose values are all representable as `Float`.
  private static func narrow(_ bytes: [UInt8], _ type: ScalarType) throws(ParseFailure) -> [Float] {
    switch type {
    case .float16: return LittleEndian.words(bytes, UInt16.self).map { HalfPrecision.float(half: $0) }
    case .bfloat16: return LittleEndian.words(bytes, UInt16.self).map { HalfPrecision.float(bfloat: $0) }
    case .int16: return LittleEndian.words(bytes, UInt16.self).map { Float(Int16(bitPattern: $0)) }
    case .uint16: return LittleEndian.words(bytes, UInt16.self).map { Float($0) }
    case .int8: return bytes.map { Float(Int8(bitPattern: $0)) }
    case .uint8: return bytes.map { Float($0) }
    case .bool: return bytes.map { $0 == 0 ? 0 : 1 }
    case .float8_e5m2, .float8_e4m3fn, .float8_e5m2fnuz, .float8_e4m3fnuz, .float8_e8m0fnu:
      let table = (0...255).map { EighthPrecision.float(UInt8($0), type) }
      return bytes.map { table[Int($0)] }
    default:
      throw ParseFailure(.unsupported("the values of a \(type.rawValue) tensor are not real numbers"))
    }
  }

  package static func bytes(_ values: [Float]) -> [UInt8] { LittleEndian.bytes(values.map(\.bitPattern)) }

  package static func bytes(_ values: [Double]) -> [UInt8] { LittleEndian.bytes(values.map(\.bitPattern)) }

  /// Appends a little-endian integer.
  package static func append(_ value: some FixedWidthInteger & UnsignedInteger, to bytes: inout [UInt8]) {
    for shift in stride(from: 0, to: value.bitWidth, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }
}
