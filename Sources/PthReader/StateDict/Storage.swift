internal import SWTArchives
public import SWTBytes

/// A block of data that tensors are views into.
public final class Storage: Sendable {
  /// Index in the file, in order of first mention; equal IDs mean shared memory.
  public let id: Int
  /// Size in bytes; nothing is allocated until the data is read.
  public let byteCount: Int
  /// The data; nil if the file has none (meta tensors).
  package let source: (any ByteSource)?
  /// Whether multi-byte values are big-endian.
  package let isBigEndian: Bool
  /// CRC-32 of the data according to the container, if any.
  package let crc32: UInt32?
  /// Name of the record in the container: `archive/data/0`.
  package let label: String

  package init(
    id: Int, byteCount: Int, source: (any ByteSource)?, isBigEndian: Bool = false, crc32: UInt32? = nil,
    label: String = ""
  ) {
    self.id = id
    self.byteCount = byteCount
    self.source = source
    self.isBigEndian = isBigEndian
    self.crc32 = crc32
    self.label = label
  }
}

extension Storage {
  /// Elements `offset ..< offset + count`, of `width` bytes each, as a storage of its own: files older than
  /// PyTorch 0.4 have such views, and PyTorch counts offsets within them.
  func part(of width: Int, offset: Int, count: Int, id: Int) throws(ParseFailure) -> Storage {
    let start = try Checked.multiply(offset, width, "view of a storage")
    let size = try Checked.multiply(count, width, "view of a storage")
    var bytes: (any ByteSource)?
    if let source { bytes = try SubSource(source, at: start, count: size) }
    return Storage(id: id, byteCount: size, source: bytes, isBigEndian: isBigEndian, label: label)
  }

  /// Compares the data with the CRC-32 in the container, if there is one.
  ///
  /// PyTorch never does this: there a flipped bit loads silently.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` `.checksum` if they differ.
  public func requireChecksum() throws(ParseFailure) {
    if let chunks = source as? AssembledSource { return try chunks.requireChecksums() }
    guard crc32 != nil, let source else { return }
    try requireChecksum(found: try Checksum.crc32(source))
  }

  /// Compares a CRC-32 of all data, computed while reading, with the one in the container.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` `.checksum` if they differ.
  package func requireChecksum(found: UInt32) throws(ParseFailure) {
    guard let crc32, crc32 != found else { return }
    throw ParseFailure(
      .checksum("the CRC-32 of \(label) differs from the one in the archive"),
      hint: "the file is damaged: download it again")
  }
}
