package import SWTBytes

extension ZipArchive {
  /// Where the bytes of a stored entry and its CRC-32 are: archives that differ only there have the same
  /// entries. Nil if the entry is compressed or empty, or if the directory is not found in the usual place.
  ///
  /// - Throws: ``ParseFailure`` if the source cannot be read.
  package func values(of entry: ZipEntry) throws(ParseFailure) -> ZipValues? {
    guard entry.method == .stored, let start = entry.dataOffset, entry.byteCount > 0 else { return nil }
    let end = start + entry.byteCount
    let extent = try ZipExtent(source)
    // The records are in the order of their indices.
    var position = extent.directory
    for _ in 0..<entry.index {
      guard let size = try recordSize(at: position, extent) else { return nil }
      position += size
    }
    guard try recordSize(at: position, extent) != nil else { return nil }
    let checksum = position + ZipExtent.recordChecksum
    guard try LittleEndian.load(UInt32.self, source.bytes(at: checksum, count: 4), at: 0) == entry.crc32
    else {
      return nil
    }
    var copies: [Int] = []
    // The local header or a data descriptor repeats the CRC-32. No reader here uses it.
    if let header = entry.headerOffset {
      let local = try source.bytes(at: header + 14, count: 4)
      if LittleEndian.load(UInt32.self, local, at: 0) == entry.crc32 { copies.append(header + 14) }
    }
    if try source.starts(with: FileMagic.zipDescriptor, at: end) { copies.append(end + 4) }
    return ZipValues(data: start..<end, checksum: checksum, copies: copies)
  }

  /// Size of the directory's record at `position`: its fixed part, name, extra fields and comment.
  private func recordSize(at position: Int, _ extent: ZipExtent) throws(ParseFailure) -> Int? {
    guard position + ZipExtent.recordSize <= extent.directoryEnd,
      try source.starts(with: FileMagic.zipDirectory, at: position)
    else { return nil }
    let lengths = ZipExtent.lengths(try source.bytes(at: position, count: ZipExtent.recordSize), at: 0)
    return ZipExtent.recordSize + lengths.name + lengths.extra + lengths.comment
  }
}

/// The bytes of an archive that depend on the values of one entry.
package struct ZipValues: Sendable {
  package let data: Range<Int>
  /// Offset of the CRC-32 in the directory, which counts.
  package let checksum: Int
  /// Offsets of other copies of the CRC-32.
  package let copies: [Int]

  /// All of them.
  package var ranges: [Range<Int>] { [data] + ([checksum] + copies).map { $0..<$0 + 4 } }
}
