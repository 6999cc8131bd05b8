package import SWTBytes

/// The directory of a zip archive.
///
/// A ``ZipReader`` parses; its results are then checked against the file: every data range is inside the file,
/// ranges do not overlap, names are unique (readers disagree on which duplicate counts, which attacks exploit),
/// and the local header before the data has the same name.
package struct ZipDirectory {
  package let entries: [ZipEntry]
  /// Index of the entry with each name.
  let places: [ExactString: Int]
  /// Bytes that belong to none of them.
  package let stray: [StrayBytes]

  /// Headers before and after so few bytes are read together, in pieces of this size.
  private static let (nearby, pieceSize) = (1 << 11, 1 << 14)
  /// Size of the record at the end of every archive.
  private static let endRecordSize = 22

  package init(_ source: any ByteSource, limits: ParseLimits) throws(ParseFailure) {
    #if Libzip && (os(Linux) || os(macOS))
      try self.init(source, limits: limits) { source, _ throws(ParseFailure) in try LibzipArchive(source) }
    #else
      try self.init(withoutLibzip: source, limits: limits)
    #endif
  }

  /// The same, read by this package's own code whether or not libzip is there.
  package init(withoutLibzip source: any ByteSource, limits: ParseLimits) throws(ParseFailure) {
    try self.init(source, limits: limits) { source, extent throws(ParseFailure) in
      CentralDirectory(source, extent)
    }
  }

  private init<Reader: ZipReader>(
    _ source: any ByteSource, limits: ParseLimits,
    reader: (any ByteSource, ZipExtent) throws(ParseFailure) -> Reader
  ) throws(ParseFailure) {
    // libzip takes a file without bytes for an archive without entries.
    guard source.byteCount >= Self.endRecordSize else {
      throw ParseFailure(.invalid("not a zip archive: it has only \(source.byteCount) bytes"))
    }
    let extent = try ZipExtent(source)
    var reader = try reader(source, extent)
    let count = reader.count
    try limits.check(.entries, Int(clamping: count))
    var entries: [ZipEntry] = []
    var places: [ExactString: Int] = [:]
    // So many records fit, whatever the archive says.
    let most = (extent.directoryEnd - extent.directory) / ZipExtent.recordSize
    places.reserveCapacity(min(Int(clamping: count), most))
    var headers = ReadAhead(source)
    for index in 0..<count {
      let record = try reader.record(index)
      if record.isFolder { continue }
      let entry = try Self.entry(record, index, &reader, source, &headers)
      guard places.updateValue(entries.count, forKey: ExactString(entry.name)) == nil else {
        throw ParseFailure(.invalid("two entries have the name \(entry.name)"))
      }
      entries.append(entry)
    }
    try Self.requireDisjoint(entries)
    stray = try extent.stray(entries, found: count)
    self.entries = entries
    self.places = places
  }

  /// Checks one record and finds its data.
  private static func entry(
    _ record: ZipRecord, _ index: UInt64, _ reader: inout some ZipReader, _ source: any ByteSource,
    _ headers: inout ReadAhead
  ) throws(ParseFailure) -> ZipEntry {
    let name = record.name
    guard !record.isEncrypted else { throw ParseFailure(.unsupported("entry \(name) is encrypted")) }
    let method: ZipEntry.Method
    switch record.method {
    case 0: method = .stored
    case 8: method = .deflated
    default:
      throw ParseFailure(.unsupported("entry \(name) uses compression method \(record.method)"))
    }
    let byteCount = try Checked.int(record.byteCount, "size of \(name)")
    let packedByteCount = try Checked.int(record.packedByteCount, "size of \(name)")
    if method == .stored, byteCount != packedByteCount {
      throw ParseFailure(
        .invalid("the uncompressed entry \(name) has two sizes, \(byteCount) and \(packedByteCount)"))
    }
    var place: (header: Int, data: Int)?
    if packedByteCount > 0 {
      let header = try reader.header(of: record, index)
      let data = try data(of: name, headerAt: header, &headers, isNextNear: packedByteCount < nearby)
      try source.requireRange(data, packedByteCount)
      place = (header, data)
    }
    return ZipEntry(
      index: index, name: name, method: method, byteCount: byteCount, packedByteCount: packedByteCount,
      crc32: record.crc32, dataOffset: place?.data, headerOffset: place?.header)
  }

  /// The offset of the data behind a local header: signature, 22 bytes, lengths of name and extra fields, name,
  /// extra fields.
  private static func data(
    of name: String, headerAt header: Int, _ headers: inout ReadAhead, isNextNear: Bool
  ) throws(ParseFailure) -> Int {
    // The name has the same length here as in the directory, so one read suffices, or one for many headers.
    let ahead = isNextNear ? pieceSize : 30 + name.utf8.count
    var first = try headers.index(of: header, count: 30, ahead: ahead)
    guard headers.bytes[first...].starts(with: FileMagic.zip) else {
      throw ParseFailure(.invalid("entry \(name) has no local header"), at: header)
    }
    let nameLength = Int(LittleEndian.load(UInt16.self, headers.bytes, at: first + 26))
    let extraLength = Int(LittleEndian.load(UInt16.self, headers.bytes, at: first + 28))
    first = try headers.index(of: header, count: 30 + nameLength, ahead: ahead)
    let localName = headers.bytes[first + 30..<first + 30 + nameLength]
    guard localName.elementsEqual(name.utf8) || !localName.allSatisfy({ $0 < 0x80 }) else {
      throw ParseFailure(.invalid("entry \(name) has a different name in its local header"), at: header)
    }
    return header + 30 + nameLength + extraLength
  }

  /// Entries that overlap are how zip bombs claim petabytes.
  private static func requireDisjoint(_ entries: [ZipEntry]) throws(ParseFailure) {
    let placed = entries.compactMap { entry in entry.dataOffset.map { ($0, entry) } }.sorted { $0.0 < $1.0 }
    for (a, b) in zip(placed, placed.dropFirst()) where a.0 + a.1.packedByteCount > b.0 {
      throw ParseFailure(.invalid("entries \(a.1.name) and \(b.1.name) overlap"), at: b.0)
    }
  }
}
