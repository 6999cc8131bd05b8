import Images

/// The CRC-32 of zip and PNG, by which fixtures describe expected pixels in ten digits.
func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
  ~bytes.reduce(~0) { crc, byte in
    (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1) * 0xEDB8_8320 }
  }
}

extension Image {
  /// The description used in the fixtures.
  var summary: [Int] { [width, height, Int(crc32(pixels))] }
}

extension Array where Element == Float {
  var littleEndianBytes: [UInt8] {
    flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
  }
}
