package import SWTBytes
internal import SWTChecksums

/// CRC-32 as zip archives use it.
package enum Checksum {
  /// The CRC of all bytes of a source, read in windows.
  package static func crc32(_ source: any ByteSource) throws(ParseFailure) -> UInt32 {
    var crc = CRC32()
    try source.forEachPiece(of: 4 << 20) { window in crc.update(window) }
    return crc.value
  }
}
