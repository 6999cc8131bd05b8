internal import SWTArchives
public import SWTBytes

/// A block of bytes that tensors are views into.
public final class Storage: Sendable {
  /// Number within the file, in order of first mention; equal numbers share memory.
  public let id: Int
  /// Bytes of the data; nothing is allocated for them until they are read.
  public let byteCount: Int
  /// Where the bytes are; `nil` when the file holds none (meta tensors).
  package let source: (any ByteSource)?
  /// True when multi-byte values are stored most significant byte first.
  package let isBigEndian: Bool
  /// CRC-32 that the container states for the bytes, if any.
  package let crc32: UInt32?
  /// Where the container says the data is: `archive/data/0`.
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
  /// Elements `offset ..< offset + count`, of `width` bytes each, as a storage of its own: files from before
  /// PyTorch 0.4 have such views, and PyTorch counts offsets within them.
  func part(of width: Int, offset: Int, count: Int, id: Int) throws(ParseFailure) -> Storage {
    let start = try Checked.multiply(offset, width, "view of a storage")
    let size = try Checked.multiply(count, width, "view of a storage")
    var bytes: (any ByteSource)?
    if let source { bytes = try SubSource(source, at: start, count: size) }
    return Storage(id: id, byteCount: size, source: bytes, isBigEndian: isBigEndian, label: label)
  }

  /// Compares the bytes with the CRC-32 that the container states, where it states one.
  ///
  /// PyTorch itself never does: a flipped bit loads silently there.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` `.checksum` when they differ.
  public func requireChecksum() throws(ParseFailure) {
    guard crc32 != nil, let source else { return }
    try requireChecksum(found: try Checksum.crc32(source))
  }

  /// Compares a CRC-32 of all the bytes, computed on the way, with the one that the container states.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` `.checksum` when they differ.
  package func requireChecksum(found: UInt32) throws(ParseFailure) {
    guard let crc32, crc32 != found else { return }
    throw ParseFailure(
      .checksum("the bytes of \(label) do not have the CRC-32 that the archive states"),
      hint: "the file is damaged: fetch it again")
  }
}
