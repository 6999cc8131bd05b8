internal import CZlib
internal import SWTBytes

/// CRC-32 as zip archives use it.
enum Checksum {
  /// The CRC of all bytes of a source, read in windows.
  static func crc32(_ source: any ByteSource) throws(ParseFailure) -> UInt32 {
    var crc: UInt = 0
    var offset = 0
    while offset < source.byteCount {
      let window = try source.bytes(at: offset, count: min(4 << 20, source.byteCount - offset))
      crc = update(crc, window)
      offset += window.count
    }
    return UInt32(truncatingIfNeeded: crc)
  }

  private static func update(_ crc: UInt, _ bytes: [UInt8]) -> UInt {
    unsafe bytes.withUnsafeBufferPointer { unsafe crc32_z(crc, $0.baseAddress, $0.count) }
  }
}
