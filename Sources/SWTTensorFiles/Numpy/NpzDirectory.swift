internal import SWTBytes

/// The central directory of a zip archive, to the extent that `.npz` files need it.
struct NpzDirectory {
  struct Entry {
    let name: String
    let method: UInt16
    let crc: UInt32
    let packedCount: Int
    let byteCount: Int
    /// Offset of its bytes, after the local header.
    let dataOffset: Int
  }

  let entries: [Entry]

  /// The location of the directory, according to the end record.
  private struct Location {
    var count: UInt64
    var size: UInt64
    var offset: UInt64
    /// Offset of the end records; the directory must lie before it.
    var end: Int
  }

  init(_ source: any ByteSource, limits: ParseLimits) throws(ParseFailure) {
    let location = try Self.locate(source)
    try limits.check(.entries, location.count)
    guard location.offset <= UInt64(location.end), location.size <= UInt64(location.end) - location.offset
    else {
      throw ParseFailure(.invalid("the zip directory is outside the file"), at: location.end)
    }
    let start = Int(location.offset)
    var reader = try ByteReader(source, start..<start + Int(location.size))
    var entries: [Entry] = []
    var names: Set<String> = []
    for _ in 0..<location.count {
      let entry = try Self.entry(&reader, source, directory: start)
      guard names.insert(entry.name).inserted else {
        throw ParseFailure(.invalid("two entries have this name"), in: [entry.name])
      }
      entries.append(entry)
    }
    guard reader.remaining == 0 else {
      throw ParseFailure(.invalid("the zip directory has bytes after its last entry"), at: reader.offset)
    }
    self.entries = entries
  }

  /// Finds the end record: the last one whose comment ends exactly at the end of the file.
  private static func locate(_ source: any ByteSource) throws(ParseFailure) -> Location {
    let tailStart = max(0, source.byteCount - 65_557)
    let tail = try source.bytes(at: tailStart, count: source.byteCount - tailStart)
    var at = tail.count - 22
    while at >= 0 {
      let comment = at + 22 <= tail.count ? Int(tail[at + 20]) | Int(tail[at + 21]) << 8 : -1
      if tail[at..<at + 4].elementsEqual([0x50, 0x4B, 5, 6]), at + 22 + comment == tail.count {
        return try location(source, at: tailStart + at)
      }
      at -= 1
    }
    throw ParseFailure(.invalid("not a zip archive: it has no end record"))
  }

  private static func location(_ source: any ByteSource, at end: Int) throws(ParseFailure) -> Location {
    var reader = try ByteReader(source, end..<end + 22)
    try reader.skip(4)
    let disk: UInt16 = try reader.read()
    let directoryDisk: UInt16 = try reader.read()
    let here: UInt16 = try reader.read()
    let count: UInt16 = try reader.read()
    let size: UInt32 = try reader.read()
    let offset: UInt32 = try reader.read()
    let isWide = count == .max || size == .max || offset == .max
    if isWide, let wide = try wideLocation(source, before: end) { return wide }
    guard disk == 0, directoryDisk == 0, here == count else {
      throw ParseFailure(.unsupported("a multi-part zip archive"), at: end)
    }
    return Location(count: UInt64(count), size: UInt64(size), offset: UInt64(offset), end: end)
  }

  /// The location according to the zip64 record, if there is one.
  private static func wideLocation(_ source: any ByteSource, before end: Int) throws(ParseFailure)
    -> Location?
  {
    guard end >= 20 else { return nil }
    var locator = try ByteReader(source, end - 20..<end)
    let mark: UInt32 = try locator.read()
    guard mark == 0x0706_4B50 else { return nil }
    try locator.skip(4)
    let recordOffset: UInt64 = try locator.read()
    guard end >= 76, recordOffset <= UInt64(end - 76) else {
      throw ParseFailure(.invalid("the zip64 record is outside the file"), at: end - 20)
    }
    let start = Int(recordOffset)
    var record = try ByteReader(source, start..<start + 56)
    let recordMark: UInt32 = try record.read()
    guard recordMark == 0x0606_4B50 else {
      throw ParseFailure(.invalid("expected the zip64 record here"), at: start)
    }
    try record.skip(20)
    let here: UInt64 = try record.read()
    let count: UInt64 = try record.read()
    let size: UInt64 = try record.read()
    let offset: UInt64 = try record.read()
    guard here == count else { throw ParseFailure(.unsupported("a multi-part zip archive"), at: start) }
    return Location(count: count, size: size, offset: offset, end: start)
  }

  private static func entry(
    _ reader: inout ByteReader, _ source: any ByteSource, directory: Int
  ) throws(ParseFailure) -> Entry {
    let start = reader.offset
    let mark: UInt32 = try reader.read()
    guard mark == 0x0201_4B50 else {
      throw ParseFailure(.invalid("expected a zip directory entry here"), at: start)
    }
    try reader.skip(4)
    let flags: UInt16 = try reader.read()
    let method: UInt16 = try reader.read()
    try reader.skip(4)
    let crc: UInt32 = try reader.read()
    let packed: UInt32 = try reader.read()
    let unpacked: UInt32 = try reader.read()
    let nameCount: UInt16 = try reader.read()
    let extraCount: UInt16 = try reader.read()
    let commentCount: UInt16 = try reader.read()
    try reader.skip(8)
    let local: UInt32 = try reader.read()
    guard let name = String(validating: try reader.bytes(nameCount), as: UTF8.self) else {
      throw ParseFailure(.invalid("the name of an entry is not UTF-8"), at: start)
    }
    let extra = try reader.bytes(extraCount)
    try reader.skip(commentCount)
    guard flags & 1 == 0 else {
      throw ParseFailure(.unsupported("the entry is encrypted"), at: start, in: [name])
    }
    let sizes = try wide([unpacked, packed, local], extra)
    let packedCount = try Checked.int(sizes[1], "entry size")
    let dataOffset = try dataOffset(source, local: sizes[2], directory: directory, name)
    guard packedCount <= directory - dataOffset else {
      throw ParseFailure(.invalid("the entry overlaps the directory"), at: start, in: [name])
    }
    return Entry(
      name: name, method: method, crc: crc, packedCount: packedCount,
      byteCount: try Checked.int(sizes[0], "entry size"), dataOffset: dataOffset)
  }

  /// The fields, of which those with all bits set are taken, in order, from the zip64 extra field.
  private static func wide(_ values: [UInt32], _ extra: [UInt8]) throws(ParseFailure) -> [UInt64] {
    guard values.contains(.max) else { return values.map(UInt64.init) }
    var reader = ByteReader(extra)
    while reader.remaining >= 4 {
      let kind: UInt16 = try reader.read()
      let size: UInt16 = try reader.read()
      guard kind == 1 else {
        try reader.skip(size)
        continue
      }
      var field = ByteReader(try reader.bytes(size))
      var result: [UInt64] = []
      for value in values { result.append(value == .max ? try field.read() : UInt64(value)) }
      return result
    }
    return values.map(UInt64.init)
  }

  private static func dataOffset(
    _ source: any ByteSource, local: UInt64, directory: Int, _ name: String
  ) throws(ParseFailure) -> Int {
    guard directory >= 30, local <= UInt64(directory - 30) else {
      throw ParseFailure(.invalid("the entry is outside the archive"), in: [name])
    }
    let start = Int(local)
    var reader = try ByteReader(source, start..<start + 30)
    let mark: UInt32 = try reader.read()
    guard mark == 0x0403_4B50 else {
      throw ParseFailure(.invalid("expected a zip entry here"), at: start, in: [name])
    }
    try reader.skip(22)
    let nameCount: UInt16 = try reader.read()
    let extraCount: UInt16 = try reader.read()
    let offset = start + 30 + Int(nameCount) + Int(extraCount)
    guard offset <= directory else {
      throw ParseFailure(.invalid("the entry is outside the archive"), in: [name])
    }
    return offset
  }
}
