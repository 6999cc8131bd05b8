internal import SWTBytes
internal import SWTTensors

/// An element type of ONNX: its scalar type, and the list that stores its values unless they are raw.
struct OnnxElementType {
  let scalar: ScalarType
  private let list: OnnxTensorFields.List
  /// Values of the list per element: two for complex numbers.
  private var parts: Int { scalar.isComplex ? 2 : 1 }

  /// From a `TensorProto.DataType`; `nil` for strings, types smaller than a byte, and unknown codes.
  init?(_ code: Int) {
    switch code {
    case 1: (scalar, list) = (.float32, .floats)
    case 2: (scalar, list) = (.uint8, .int32s)
    case 3: (scalar, list) = (.int8, .int32s)
    case 4: (scalar, list) = (.uint16, .int32s)
    case 5: (scalar, list) = (.int16, .int32s)
    case 6: (scalar, list) = (.int32, .int32s)
    case 7: (scalar, list) = (.int64, .int64s)
    case 9: (scalar, list) = (.bool, .int32s)
    case 10: (scalar, list) = (.float16, .int32s)
    case 11: (scalar, list) = (.float64, .doubles)
    case 12: (scalar, list) = (.uint32, .uint64s)
    case 13: (scalar, list) = (.uint64, .uint64s)
    case 14: (scalar, list) = (.complex64, .floats)
    case 15: (scalar, list) = (.complex128, .doubles)
    case 16: (scalar, list) = (.bfloat16, .int32s)
    case 17: (scalar, list) = (.float8_e4m3fn, .int32s)
    case 18: (scalar, list) = (.float8_e4m3fnuz, .int32s)
    case 19: (scalar, list) = (.float8_e5m2, .int32s)
    case 20: (scalar, list) = (.float8_e5m2fnuz, .int32s)
    case 24: (scalar, list) = (.float8_e8m0fnu, .int32s)
    default: return nil
    }
  }

  /// The elements' bytes, from typed values.
  ///
  /// - Throws: ``ParseFailure`` if the number of values is wrong, they are in the list of another type, or a
  ///   value does not fit the type.
  func bytes(
    _ values: (list: OnnxTensorFields.List, bits: [UInt64])?, count: Int
  ) throws(ParseFailure) -> [UInt8] {
    let needed = try Checked.multiply(count, parts, "value count")
    let (found, bits) = values ?? (list, [])
    guard bits.count == needed, found == list || bits.isEmpty else {
      throw ParseFailure(
        .invalid(
          "\(bits.count) values in field \(found.rawValue); expected \(needed) in field \(list.rawValue)"))
    }
    let width = scalar.byteWidth / parts
    var bytes: [UInt8] = []
    bytes.reserveCapacity(bits.count * width)
    for value in bits {
      guard fits(value, width) else {
        throw ParseFailure(
          .invalid("the value \(Int64(bitPattern: value)) is out of the range of \(scalar.rawValue)"))
      }
      for shift in stride(from: 0, to: 8 * width, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: value >> shift))
      }
    }
    return bytes
  }

  /// Narrow integers are stored in wider ones; negative values are sign-extended to 64 bits.
  private func fits(_ value: UInt64, _ width: Int) -> Bool {
    let signed = Int64(bitPattern: value)
    return switch scalar {
    case .bool: value <= 1
    case .int8: Int8(exactly: signed) != nil
    case .int16: Int16(exactly: signed) != nil
    case .int32: Int32(exactly: signed) != nil
    default: width == 8 || value >> UInt64(8 * width) == 0
    }
  }
}
