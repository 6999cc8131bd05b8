package import SWTBytes

/// A field of a protocol buffer: its number and its wire value.
///
/// Source: protobuf.dev/programming-guides/encoding. Groups are not supported, because ONNX has none.
package struct ProtobufField: Sendable {
  package enum Value: Sendable {
    case varint(UInt64)
    case fixed64(UInt64)
    /// The offsets of a string, bytes, a message, or packed numbers.
    case bytes(Range<Int>)
    case fixed32(UInt32)
  }

  package let number: Int
  package let value: Value
  /// Offset of the field in the source.
  package let offset: Int
}

/// Iterates over the fields of a message; every length is checked against the end of the message.
package struct ProtobufReader {
  private var reader: ByteReader

  /// - Throws: ``ParseFailure`` `.truncated` if the range exceeds the source.
  package init(_ source: any ByteSource, _ range: Range<Int>? = nil) throws(ParseFailure) {
    reader = try ByteReader(source, range)
  }

  /// The next field; `nil` at the end of the message.
  package mutating func next() throws(ParseFailure) -> ProtobufField? {
    guard reader.remaining > 0 else { return nil }
    let offset = reader.offset
    let key = try varint()
    guard let number = Int(exactly: key >> 3), 1...0x1FFF_FFFF ~= number else {
      throw ParseFailure(.invalid("field number \(key >> 3) is out of range"), at: offset)
    }
    let value: ProtobufField.Value
    switch key & 7 {
    case 0: value = .varint(try varint())
    case 1: value = .fixed64(try reader.read())
    case 2:
      let size = try varint()
      let start = reader.offset
      try reader.skip(Int(clamping: size))
      value = .bytes(start..<reader.offset)
    case 5: value = .fixed32(try reader.read())
    default: throw ParseFailure(.invalid("field \(number) has unknown wire type \(key & 7)"), at: offset)
    }
    return ProtobufField(number: number, value: value, offset: offset)
  }

  /// Reads a varint: seven bits per byte, lowest first, at most ten bytes.
  package mutating func varint() throws(ParseFailure) -> UInt64 {
    let offset = reader.offset
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      let byte = try reader.byte()
      // The tenth byte has the one remaining bit.
      guard shift < 63 || byte <= 1 else { break }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw ParseFailure(.invalid("a varint of more than 64 bits"), at: offset)
  }

  /// Whether the whole message was read.
  package var isAtEnd: Bool { reader.remaining == 0 }
}
