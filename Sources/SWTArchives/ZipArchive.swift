package import SWTBytes

/// The entries of a zip archive, by name.
package struct ZipArchive: Sendable {
  package let source: any ByteSource
  package let limits: ParseLimits
  package let entries: [ZipEntry]
  /// Bytes that belong to no entry.
  package let stray: [StrayBytes]
  private let byName: [ExactString: Int]
  /// The data of each entry, if the archive was unpacked to files.
  private let files: [any ByteSource]?

  package init(_ source: any ByteSource, limits: ParseLimits) throws(ParseFailure) {
    self.source = source
    self.limits = limits
    let directory = try ZipDirectory(source, limits: limits)
    entries = directory.entries
    stray = directory.stray
    files = nil
    byName = directory.places
  }

  /// An archive that was unpacked.
  ///
  /// - Parameters:
  ///   - records: The files: their paths, which must differ, and contents.
  ///   - limits: Limits on what is read of them.
  /// - Throws: ``ParseFailure`` `.limit` if there are too many.
  package init(
    unpacked records: [(name: String, data: any ByteSource)], limits: ParseLimits
  ) throws(ParseFailure) {
    try limits.check(.entries, records.count)
    source = JoinedSource(records.map(\.data))
    self.limits = limits
    stray = []
    files = records.map(\.data)
    entries = records.enumerated().map { index, record in
      ZipEntry(
        index: UInt64(index), name: record.name, method: .stored, byteCount: record.data.byteCount,
        packedByteCount: record.data.byteCount, crc32: 0, dataOffset: nil, headerOffset: nil)
    }
    byName = Dictionary(
      records.enumerated().map { (ExactString($1.name), $0) }, uniquingKeysWith: { first, _ in first })
  }

  package subscript(name: String) -> ZipEntry? { byName[ExactString(name)].map { entries[$0] } }

  /// The data of an entry, not read yet.
  package func data(_ entry: ZipEntry) throws(ParseFailure) -> any ByteSource {
    if let files { return files[Int(entry.index)] }
    guard let offset = entry.dataOffset else {
      // Compressed data has at least one byte, so an entry without data must be empty.
      guard entry.byteCount == 0 else {
        throw ParseFailure(.invalid("entry \(entry.name) of \(entry.byteCount) bytes has no data"))
      }
      return MemorySource([])
    }
    let packed = try SubSource(source, at: offset, count: entry.packedByteCount)
    guard entry.method == .deflated else { return packed }
    return try Inflater.entry(packed, byteCount: entry.byteCount, name: entry.name, limits: limits)
  }

  /// A small entry that is text; nil if the archive does not have it.
  package func text(_ name: String) throws(ParseFailure) -> String? {
    guard let entry = self[name] else { return nil }
    guard entry.byteCount <= 64 else {
      throw ParseFailure(.invalid("\(name) has \(entry.byteCount) bytes"))
    }
    return String(decoding: try proven(entry).bytes(at: 0, count: entry.byteCount), as: UTF8.self)
  }

  /// An entry read completely, at most as large as `limit`.
  package func bytes(_ entry: ZipEntry, limit: ParseLimits.Name) throws(ParseFailure) -> [UInt8] {
    try limits.check(limit, entry.byteCount)
    return try proven(entry).bytes(at: 0, count: entry.byteCount)
  }

  /// The data of an entry after its CRC-32 was checked; CRC 0 of a non-empty entry means "not computed".
  package func proven(_ entry: ZipEntry) throws(ParseFailure) -> any ByteSource {
    let data = try data(entry)
    let isProven = try entry.crc32 == 0 ? true : Checksum.crc32(data) == entry.crc32
    guard isProven else {
      throw ParseFailure(
        .checksum("the CRC-32 of its bytes differs from the one in the archive"), in: [entry.name],
        hint: "the file is damaged: download it again")
    }
    return data
  }
}
