package import SWTBytes
package import SWTTensors

/// The header of an `.npy` file.
///
/// The file is `93 "NUMPY" major minor; u16 (version 1) or u32 (2, 3) size; Python dict literal; data`.
package struct NpyHeader: Equatable, Sendable {
  package let type: ScalarType
  package let shape: [Int]
  /// Whether the first index varies fastest.
  package let isFortran: Bool
  package let isBigEndian: Bool
  /// Offset of the data.
  package let dataOffset: Int
  /// Size of the data in bytes.
  package let byteCount: Int

  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// Maximum size of the dict literal; numpy's own limit is 10,000, and plain arrays need far less.
  private static let sizeLimit = 1 << 16

  package static func recognizes(_ source: any ByteSource) -> Bool {
    source.byteCount >= 10 && (try? source.bytes(at: 0, count: 6)) == magic
  }

  package init(_ source: any ByteSource, limits: ParseLimits = ParseLimits()) throws(ParseFailure) {
    var reader = try ByteReader(source)
    guard try reader.bytes(6) == Self.magic else {
      throw ParseFailure(.invalid("not an .npy file: it does not start with \\x93NUMPY"), at: 0)
    }
    let major = try reader.byte()
    let minor = try reader.byte()
    guard 1...3 ~= major, minor == 0 else {
      throw ParseFailure(.unsupported(".npy version \(major).\(minor)"), at: 6)
    }
    let size: Int
    if major == 1 {
      let short: UInt16 = try reader.read()
      size = Int(short)
    } else {
      let long: UInt32 = try reader.read()
      size = Int(long)
    }
    guard size <= Self.sizeLimit else {
      throw ParseFailure(
        .invalid("an .npy header of \(size) bytes; the limit is \(Self.sizeLimit)"), at: 8)
    }
    let start = reader.offset
    var literal = PythonLiteral(try reader.bytes(size), baseOffset: start)
    let fields = try literal.arrayFields()
    guard let element = Self.element(fields.descr) else {
      throw ParseFailure(
        .unsupported("the numpy type \(JSONValue.string(fields.descr).text())"), at: start,
        hint: "convert it with array.astype('<f4')")
    }
    try limits.check(.rank, fields.shape.count, at: start)
    type = element.type
    isBigEndian = element.isBigEndian
    shape = fields.shape
    isFortran = fields.isFortran
    dataOffset = reader.offset
    byteCount = try Checked.multiply(
      try Checked.product(fields.shape, "element count"), element.type.byteWidth, "array size")
    guard byteCount == reader.remaining else {
      throw ParseFailure(
        .invalid("\(reader.remaining) bytes of data for an array of \(byteCount) bytes"), at: dataOffset)
    }
  }

  /// Parses `<f4`, `|b1`, `>c16` …; numpy never stores `=`, the writing machine's byte order.
  private static func element(_ descr: String) -> (type: ScalarType, isBigEndian: Bool)? {
    guard let order = descr.first, let type = types[String(descr.dropFirst())] else { return nil }
    switch order {
    case "<": return (type, false)
    case ">": return (type, true)
    case "|": return type.byteWidth == 1 ? (type, false) : nil
    default: return nil
    }
  }

  package static let types: [String: ScalarType] = [
    "b1": .bool, "i1": .int8, "i2": .int16, "i4": .int32, "i8": .int64, "u1": .uint8, "u2": .uint16,
    "u4": .uint32, "u8": .uint64, "f2": .float16, "f4": .float32, "f8": .float64, "c8": .complex64,
    "c16": .complex128,
  ]
}
