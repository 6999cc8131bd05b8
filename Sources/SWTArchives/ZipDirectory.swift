internal import CLibzip
package import SWTBytes

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

/// The directory of a zip archive, as libzip reads it.
///
/// libzip parses; its results are then checked against the file: every data range is inside the file, ranges
/// do not overlap, names are unique (readers disagree on which duplicate counts, which attacks exploit), and
/// the local header before the data has the same name. libzip has no call that returns the offset of an
/// entry's data, so its reads are recorded: opening an entry reads the local header, then the first byte of
/// the data.
package struct ZipDirectory {
  package let entries: [ZipEntry]
  /// Bytes that belong to none of them.
  package let stray: [StrayBytes]

  /// Size of the record at the end of every archive.
  private static let endRecordSize = 22

  package init(_ source: any ByteSource, limits: ParseLimits) throws(ParseFailure) {
    // libzip takes a file without bytes for an archive without entries.
    guard source.byteCount >= Self.endRecordSize else {
      throw ParseFailure(.invalid("not a zip archive: it has only \(source.byteCount) bytes"))
    }
    let extent = try ZipExtent(source)
    let spy = LibzipSource(source)
    var error = unsafe zip_error_t()
    unsafe zip_error_init(&error)
    defer { unsafe zip_error_fini(&error) }
    guard let zipSource = unsafe spy.makeZipSource(&error) else {
      throw ParseFailure(.invalid("libzip: \(unsafe String(cString: zip_error_strerror(&error)))"))
    }
    guard let archive = unsafe zip_open_from_source(zipSource, ZIP_RDONLY, &error) else {
      unsafe zip_source_free(zipSource)
      if let failure = spy.failure { throw failure }
      throw ParseFailure(
        .invalid("not a readable zip archive: \(unsafe String(cString: zip_error_strerror(&error)))"),
        hint: "the file is damaged or its download was not finished")
    }
    defer { unsafe zip_discard(archive) }
    let count = unsafe zip_get_num_entries(archive, 0)
    try limits.check(.entries, count)
    var entries: [ZipEntry] = []
    entries.reserveCapacity(Int(count))
    var names: Set<ExactString> = []
    for index in 0..<UInt64(clamping: count) {
      let entry = try unsafe Self.entry(archive, index, spy, source)
      guard let entry else { continue }
      guard names.insert(ExactString(entry.name)).inserted else {
        throw ParseFailure(.invalid("two entries have the name \(entry.name)"))
      }
      entries.append(entry)
    }
    try Self.requireDisjoint(entries)
    stray = try extent.stray(entries, found: UInt64(clamping: count))
    self.entries = entries
  }

  /// Reads one directory entry and finds its data; nil for a folder.
  private static func entry(
    _ archive: OpaquePointer, _ index: UInt64, _ spy: LibzipSource, _ source: any ByteSource
  ) throws(ParseFailure) -> ZipEntry? {
    var status = unsafe zip_stat_t()
    guard unsafe zip_stat_index(archive, index, 0, &status) == 0, let rawName = unsafe status.name else {
      throw ParseFailure(.invalid("zip entry \(index) cannot be read"))
    }
    let name = unsafe String(cString: rawName)
    let (size, packed) = unsafe (status.size, status.comp_size)
    if name.hasSuffix("/"), size == 0 { return nil }
    guard unsafe status.encryption_method == UInt16(ZIP_EM_NONE) else {
      throw ParseFailure(.unsupported("entry \(name) is encrypted"))
    }
    let method: ZipEntry.Method
    switch unsafe Int32(status.comp_method) {
    case ZIP_CM_STORE: method = .stored
    case ZIP_CM_DEFLATE: method = .deflated
    default:
      throw ParseFailure(
        .unsupported("entry \(name) uses compression method \(unsafe status.comp_method)"))
    }
    let byteCount = try Checked.int(size, "size of \(name)")
    let packedByteCount = try Checked.int(packed, "size of \(name)")
    if method == .stored, byteCount != packedByteCount {
      throw ParseFailure(
        .invalid("the uncompressed entry \(name) has two sizes, \(byteCount) and \(packedByteCount)"))
    }
    var place: (header: Int, data: Int)?
    if packedByteCount > 0 {
      place = try unsafe Self.place(archive, index, name, spy, source)
      try source.requireRange(place?.data ?? 0, packedByteCount)
    }
    return ZipEntry(
      index: index, name: name, method: method, byteCount: byteCount, packedByteCount: packedByteCount,
      crc32: unsafe status.crc, dataOffset: place?.data, headerOffset: place?.header)
  }

  /// The offsets of an entry's local header and of its data.
  private static func place(
    _ archive: OpaquePointer, _ index: UInt64, _ name: String, _ spy: LibzipSource, _ source: any ByteSource
  ) throws(ParseFailure) -> (header: Int, data: Int) {
    spy.forgetReads()
    guard let file = unsafe zip_fopen_index(archive, index, zip_flags_t(ZIP_FL_COMPRESSED)) else {
      throw ParseFailure(.invalid("entry \(name) has no readable local header"))
    }
    defer { unsafe zip_fclose(file) }
    var byte: UInt8 = 0
    guard unsafe zip_fread(file, &byte, 1) == 1, let first = spy.firstRead, let data = spy.lastRead
    else {
      throw ParseFailure(.truncated(needed: 1, available: 0), in: ["entry \(name)"])
    }
    // The local header: signature, 22 bytes, name length, extra length, name. libzip reads only the two
    // lengths, at offset 26.
    let header = first - 26
    guard header >= 0 else { throw ParseFailure(.invalid("entry \(name) has no local header")) }
    let fixed = try source.bytes(at: header, count: 30)
    let nameLength = Int(fixed[26]) | Int(fixed[27]) << 8
    let extraLength = Int(fixed[28]) | Int(fixed[29]) << 8
    let localName = try source.bytes(at: header + 30, count: nameLength)
    guard fixed.starts(with: FileMagic.zip), data == header + 30 + nameLength + extraLength else {
      throw ParseFailure(.invalid("the data of \(name) does not follow its local header"), at: header)
    }
    guard String(decoding: localName, as: UTF8.self) == name || !localName.allSatisfy({ $0 < 0x80 }) else {
      throw ParseFailure(.invalid("entry \(name) has a different name in its local header"), at: header)
    }
    return (header, data)
  }

  /// Entries that overlap are how zip bombs claim petabytes.
  private static func requireDisjoint(_ entries: [ZipEntry]) throws(ParseFailure) {
    let placed = entries.compactMap { entry in entry.dataOffset.map { ($0, entry) } }.sorted { $0.0 < $1.0 }
    for (a, b) in zip(placed, placed.dropFirst()) where a.0 + a.1.packedByteCount > b.0 {
      throw ParseFailure(.invalid("entries \(a.1.name) and \(b.1.name) overlap"), at: b.0)
    }
  }
}
