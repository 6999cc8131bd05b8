internal import SWTBytes
internal import SWTChecksums

/// Writes a zip archive of stored entries whose data starts at multiples of 64 bytes; with the extensions of
/// zip64 where sizes or offsets need them.
///
/// Source: PKWARE's APPNOTE.TXT, sections 4.3 to 4.5. The padding is an extra field with the id `FB`, as in
/// PyTorch's own archives.
struct StoredZip {
  private struct Entry {
    let name: [UInt8]
    let offset: Int
    let byteCount: Int
    let crc32: UInt32
  }

  private static let alignment = 64
  private static let large = Int(UInt32.max)

  private let file: AtomicFile
  private var entries: [Entry] = []

  /// Creates an archive at the start of an empty file.
  init(_ file: AtomicFile) { self.file = file }

  /// Appends an entry.
  mutating func add(_ name: String, _ bytes: [UInt8]) throws {
    try add(name, byteCount: bytes.count) { sink in
      try unsafe bytes.withUnsafeBytes { try sink(unsafe $0.bytes) }
    }
  }

  /// Appends an entry whose data is provided in pieces.
  ///
  /// - Throws: ``WriteFailure``, what `provide` throws, and ``ParseFailure`` if it provides more or fewer bytes
  ///   than announced.
  mutating func add(
    _ name: String, byteCount: Int, _ provide: ((RawSpan) throws -> Void) throws -> Void
  ) throws {
    let offset = file.position
    let header = Self.localHeader(Array(name.utf8), at: offset, byteCount, crc32: 0)
    try file.write(header)
    var checksum = CRC32()
    var written = 0
    try provide { piece in
      written += piece.byteCount
      guard written <= byteCount else { throw Self.wrongCount(name, byteCount) }
      checksum.update(piece)
      try file.write(piece)
    }
    guard written == byteCount else { throw Self.wrongCount(name, byteCount) }
    // The checksum is known only now.
    try file.write(
      Self.localHeader(Array(name.utf8), at: offset, byteCount, crc32: checksum.value), at: offset)
    entries.append(Entry(name: Array(name.utf8), offset: offset, byteCount: byteCount, crc32: checksum.value))
  }

  private static func wrongCount(_ name: String, _ byteCount: Int) -> ParseFailure {
    ParseFailure(
      .invalid("the data of \(name) does not have the \(byteCount) bytes that type and shape need"))
  }

  /// Fields that local and central headers share, from the version to the checksum: stored, names in UTF-8,
  /// 1 January 1980.
  private static func common(_ crc32: UInt32, isLarge: Bool) -> [UInt8] {
    LittleEndian.bytes([UInt16(isLarge ? 45 : 20), 0x0800, 0, 0, 0x0021]) + LittleEndian.bytes([crc32])
  }

  private static func localHeader(
    _ name: [UInt8], at offset: Int, _ byteCount: Int, crc32: UInt32
  ) -> [UInt8] {
    let isLarge = byteCount >= large
    var extra: [UInt8] = []
    if isLarge { extra = extension64([byteCount, byteCount]) }
    let start = offset + 30 + name.count + extra.count + 4
    let padding = (alignment - start % alignment) % alignment
    extra += LittleEndian.bytes([UInt16(0x4246), UInt16(padding)]) + [UInt8](repeating: 0x5A, count: padding)
    let size = UInt32(clamping: byteCount)
    return LittleEndian.bytes([UInt32(0x0403_4B50)]) + common(crc32, isLarge: isLarge)
      + LittleEndian.bytes([size, size]) + LittleEndian.bytes([UInt16(name.count), UInt16(extra.count)])
      + name + extra
  }

  /// The extra field of zip64, with the values that do not fit 32 bits.
  private static func extension64(_ values: [Int]) -> [UInt8] {
    values.isEmpty
      ? []
      : LittleEndian.bytes([UInt16(1), UInt16(8 * values.count)])
        + LittleEndian.bytes(values.map(UInt64.init))
  }

  /// Writes the directory.
  ///
  /// - Throws: ``WriteFailure``.
  mutating func finish() throws {
    let start = file.position
    var directory: [UInt8] = []
    for entry in entries {
      let isLarge = entry.byteCount >= Self.large
      let extra = Self.extension64(
        (isLarge ? [entry.byteCount, entry.byteCount] : [])
          + (entry.offset >= Self.large ? [entry.offset] : []))
      let size = UInt32(clamping: entry.byteCount)
      directory +=
        LittleEndian.bytes([UInt32(0x0201_4B50)]) + LittleEndian.bytes([UInt16(extra.isEmpty ? 20 : 45)])
      directory += Self.common(entry.crc32, isLarge: !extra.isEmpty) + LittleEndian.bytes([size, size])
      directory += LittleEndian.bytes([UInt16(entry.name.count), UInt16(extra.count), 0, 0, 0])
      directory += LittleEndian.bytes([UInt32(0), UInt32(clamping: entry.offset)]) + entry.name + extra
    }
    let end = start + directory.count
    if entries.count >= Int(UInt16.max) || directory.count >= Self.large || start >= Self.large {
      let numbers = [entries.count, entries.count, directory.count, start].map(UInt64.init)
      directory += LittleEndian.bytes([UInt32(0x0606_4B50)]) + LittleEndian.bytes([UInt64(44)])
      directory += LittleEndian.bytes([UInt16(45), 45]) + LittleEndian.bytes([UInt32(0), 0])
      directory += LittleEndian.bytes(numbers)
      directory += LittleEndian.bytes([UInt32(0x0706_4B50), 0]) + LittleEndian.bytes([UInt64(end)])
      directory += LittleEndian.bytes([UInt32(1)])
    }
    let count = UInt16(clamping: entries.count)
    let size = UInt32(clamping: end - start)
    directory += LittleEndian.bytes([UInt32(0x0605_4B50)]) + LittleEndian.bytes([UInt16(0), 0, count, count])
    directory += LittleEndian.bytes([size, UInt32(clamping: start)]) + LittleEndian.bytes([UInt16(0)])
    try file.write(directory)
  }
}
