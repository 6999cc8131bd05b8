internal import SWTBytes
internal import SWTChecksums

/// CRC-32 as zip archives use it.
enum Checksum {
  /// The CRC of all bytes of a source, read in windows.
  static func crc32(_ source: any ByteSource) throws(ParseFailure) -> UInt32 {
    var crc = CRC32()
    var offset = 0
    while offset < source.byteCount {
      let window = try source.bytes(at: offset, count: min(4 << 20, source.byteCount - offset))
      crc.update(window)
      offset += window.count
    }
    return crc.value
  }
}
