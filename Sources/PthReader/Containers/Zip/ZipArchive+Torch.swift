internal import SWTArchives
internal import SWTBytes

/// The records that PyTorch writes into a zip archive.
extension ZipArchive {
  /// A storage record: its bytes, and the CRC-32 that they should have.
  func storage(_ entry: ZipEntry, id: Int, isBigEndian: Bool = false) throws(ParseFailure) -> Storage {
    Storage(
      id: id, byteCount: entry.byteCount, source: try data(entry), isBigEndian: isBigEndian,
      crc32: entry.crc32 == 0 ? nil : entry.crc32, label: entry.name)
  }

  /// The pickle in a record, whose checksum is proven first.
  func pickle(_ entry: ZipEntry) throws(ParseFailure) -> Pickle {
    do throws(ParseFailure) {
      let data = try proven(entry)
      var reader: ByteReader
      if entry.method == .stored, let offset = entry.dataOffset {
        // Read in place, so that errors name the byte of the file.
        reader = try ByteReader(source, offset..<offset + entry.byteCount)
      } else {
        reader = try ByteReader(data)
      }
      return try PickleMachine.read(&reader, limits: limits)
    } catch {
      throw error.inside(entry.name)
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
