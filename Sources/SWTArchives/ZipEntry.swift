/// A file in a zip archive, with the verified offset of its data.
package struct ZipEntry: Sendable {
  package enum Method: Sendable { case stored, deflated }

  package let index: UInt64
  package let name: String
  package let method: Method
  /// Uncompressed size in bytes.
  package let byteCount: Int
  /// Size in the archive in bytes.
  package let packedByteCount: Int
  /// CRC-32 of the uncompressed bytes; 0 for a non-empty entry means "not computed" (PyTorch can be told to
  /// skip it).
  package let crc32: UInt32
  /// Offset of the data in the archive; nil if the entry is empty.
  package let dataOffset: Int?
  /// Offset of the local header before the data.
  let headerOffset: Int?

  /// The bytes of the entry, from its header to the end of its data.
  var extent: (header: Int, end: Int)? {
    guard let headerOffset, let dataOffset else { return nil }
    return (headerOffset, dataOffset + packedByteCount)
  }
}
