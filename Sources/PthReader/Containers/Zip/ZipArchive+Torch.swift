internal import SWTArchives
internal import SWTBytes

/// Records that PyTorch writes into a zip archive.
extension ZipArchive {
  /// The storage in a record: its data, and the expected CRC-32.
  func storage(_ entry: ZipEntry, id: Int, isBigEndian: Bool = false) throws(ParseFailure) -> Storage {
    Storage(
      id: id, byteCount: entry.byteCount, source: try data(entry), isBigEndian: isBigEndian,
      crc32: entry.crc32 == 0 ? nil : entry.crc32, label: entry.name)
  }

  /// The pickle in a record, after its checksum was verified.
  func pickle(_ entry: ZipEntry) throws(ParseFailure) -> Pickle {
    do throws(ParseFailure) {
      let data = try proven(entry)
      var reader: ByteReader
      if entry.method == .stored, let offset = entry.dataOffset {
        // Read in place, so that errors give offsets in the file.
        reader = try ByteReader(source, offset..<offset + entry.byteCount)
      } else {
        reader = try ByteReader(data)
      }
      return try PickleMachine.read(&reader, limits: limits)
    } catch {
      throw error.inside(entry.name)
    }
  }

  /// The byte order of multi-byte values, from the record `byteorder`, which archives older than 2.1 do not
  /// have.
  func isBigEndian(prefix: String) throws(ParseFailure) -> Bool {
    switch try text(prefix + "byteorder") {
    case nil, "little": return false
    case "big": return true
    case let other?: throw ParseFailure(.invalid("unknown byte order '\(other)'"), in: ["\(prefix)byteorder"])
    }
  }

  /// PyTorch reads file format versions 1 to 10. A re-zipped archive may have lost the record.
  func requireVersion(prefix: String) throws(ParseFailure) {
    var record = try text(prefix + "version")
    if record == nil { record = try text(prefix + ".data/version") }
    guard let text = record else { return }
    let digits = text.hasSuffix("\n") ? text.dropLast() : text[...]
    guard let version = Int(digits), (1...10).contains(version) else {
      throw ParseFailure(
        .unsupported("file format version '\(digits)' is not supported"), in: ["\(prefix)version"])
    }
  }
}
