internal import SWTBytes

/// The records of a zip archive, by name.
struct ZipArchive: Sendable {
  let source: any ByteSource
  let limits: ParseLimits
  let entries: [ZipEntry]
  private let byName: [String: Int]

  init(_ source: any ByteSource, limits: ParseLimits) throws(ParseFailure) {
    self.source = source
    self.limits = limits
    entries = try ZipDirectory(source, limits: limits).entries
    var byName: [String: Int] = [:]
    for (index, entry) in entries.enumerated() { byName[entry.name] = index }
    self.byName = byName
  }

  subscript(name: String) -> ZipEntry? { byName[name].map { entries[$0] } }

  /// The bytes of a record, unread.
  func data(_ entry: ZipEntry) throws(ParseFailure) -> any ByteSource {
    guard let offset = entry.dataOffset else {
      // A deflated record of bytes that takes no room in the archive is a lie.
      guard entry.byteCount == 0 else {
        throw ParseFailure(.invalid("entry \(entry.name) of \(entry.byteCount) bytes has no data"))
      }
      return MemorySource([])
    }
    let packed = try SubSource(source, at: offset, count: entry.packedByteCount)
    guard entry.method == .deflated else { return packed }
    return try Inflater.entry(packed, byteCount: entry.byteCount, name: entry.name, limits: limits)
  }

  /// A storage record: its bytes, and the CRC-32 that they should have.
  func storage(_ entry: ZipEntry, id: Int, isBigEndian: Bool = false) throws(ParseFailure) -> Storage {
    Storage(
      id: id, byteCount: entry.byteCount, source: try data(entry), isBigEndian: isBigEndian,
      crc32: entry.crc32 == 0 ? nil : entry.crc32, label: entry.name)
  }

  /// The pickle in a record, whose checksum is proven first.
  func pickle(_ entry: ZipEntry) throws(ParseFailure) -> Pickle {
    do throws(ParseFailure) {
      try requireChecksum(entry)
      var reader: ByteReader
      if entry.method == .stored, let offset = entry.dataOffset {
        // Read in place, so that errors name the byte of the file.
        reader = try ByteReader(source, offset..<offset + entry.byteCount)
      } else {
        reader = try ByteReader(try data(entry))
      }
      return try PickleMachine.read(&reader, limits: limits)
    } catch {
      throw error.inside(entry.name)
    }
  }

  /// A small record that is text; `nil` when the archive has none.
  func text(_ name: String) throws(ParseFailure) -> String? {
    guard let entry = self[name] else { return nil }
    guard entry.byteCount <= 64 else {
      throw ParseFailure(.invalid("\(name) has \(entry.byteCount) bytes"))
    }
    try requireChecksum(entry)
    return String(decoding: try data(entry).bytes(at: 0, count: entry.byteCount), as: UTF8.self)
  }

  /// A record that is read whole.
  func bytes(_ entry: ZipEntry, limit: ParseLimits.Name) throws(ParseFailure) -> [UInt8] {
    try limits.check(limit, entry.byteCount)
    try requireChecksum(entry)
    return try data(entry).bytes(at: 0, count: entry.byteCount)
  }

  /// Checks a record that is read whole; CRC 0 on a non-empty record means "not computed".
  private func requireChecksum(_ entry: ZipEntry) throws(ParseFailure) {
    guard entry.crc32 != 0 else { return }
    guard try Checksum.crc32(try data(entry)) == entry.crc32 else {
      throw ParseFailure(
        .checksum("its bytes do not have the CRC-32 that the archive states"), in: [entry.name],
        hint: "the file is damaged: fetch it again")
    }
  }

  /// `byteorder` says how multi-byte values are stored; archives from before 2.1 have no such record.
  func isBigEndian(prefix: String) throws(ParseFailure) -> Bool {
    switch try text(prefix + "byteorder") {
    case nil, "little": return false
    case "big": return true
    case let other?: throw ParseFailure(.invalid("byte order '\(other)'"), in: ["\(prefix)byteorder"])
    }
  }

  /// PyTorch reads file format versions 1 to 10; a re-zipped archive may have lost its record.
  func requireVersion(prefix: String) throws(ParseFailure) {
    var record = try text(prefix + "version")
    if record == nil { record = try text(prefix + ".data/version") }
    guard let text = record else { return }
    let digits = text.hasSuffix("\n") ? text.dropLast() : text[...]
    guard let version = Int(digits), (1...10).contains(version) else {
      throw ParseFailure(.unsupported("file format version '\(digits)'"), in: ["\(prefix)version"])
    }
  }
}
