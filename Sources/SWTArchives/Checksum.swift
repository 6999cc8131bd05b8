package import SWTBytes
internal import SWTChecksums

/// CRC-32 as used in zip archives.
package enum Checksum {
  /// The CRC of all bytes of a source, read in pieces of 4 MiB.
  package static func crc32(_ source: any ByteSource) throws(ParseFailure) -> UInt32 {
    var crc = CRC32()
    try source.forEachPiece(of: 4 << 20) { window in crc.update(window) }
    return crc.value
  }
}
