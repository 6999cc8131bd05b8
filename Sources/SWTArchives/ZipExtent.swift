internal import SWTBytes

/// Bytes of a zip archive that belong to none of its entries.
package struct StrayBytes: Sendable {
  /// Offset of the first.
  package let offset: Int
  package let count: Int
}

/// Checks that a file is one archive.
///
/// Readers find the directory from the end of the file, or the first they meet: of several archives one after
/// another they show one, and which one depends on the reader. Such a file is refused. Other bytes that no entry
/// refers to are returned, to be reported.
struct ZipExtent {
  /// Sizes of the end record, of zip64's, and of zip64's locator, which is between them.
  private static let (endSize, end64Size, locatorSize) = (22, 56, 20)
  /// A data descriptor, which follows an entry's data, has at most this size; its signature is optional.
  private static let descriptorSize = 24

  /// Size of the fixed part of a record in the directory, and offset of the CRC-32 in it.
  static let (recordSize, recordChecksum) = (46, 16)

  /// Lengths of what follows the fixed part of a directory's record at an index: name, extra fields, comment.
  static func lengths(_ bytes: [UInt8], at record: Int) -> (name: Int, extra: Int, comment: Int) {
    func length(_ offset: Int) -> Int { Int(LittleEndian.load(UInt16.self, bytes, at: record + offset)) }
    return (length(28), length(30), length(32))
  }

  private let source: any ByteSource
  /// Offset of the directory, and of its end.
  let directory, directoryEnd: Int
  /// Offset of the end of the last record.
  private let end: Int
  /// Number of entries, including folders.
  let count: UInt64

  /// Finds the last end record and the directory before it.
  ///
  /// - Throws: ``ParseFailure`` if it is damaged, or if the archive does not start at byte 0.
  init(_ source: any ByteSource) throws(ParseFailure) {
    var failure: ParseFailure?
    for place in try Self.ends(source) {
      do throws(ParseFailure) {
        try self.init(source, endingAt: place)
        try requirePlainComment(from: place)
        return
      } catch {
        // A comment may look like an end record; the one of the archive fits its directory.
        failure = failure ?? error
      }
    }
    throw failure
      ?? ParseFailure(
        .invalid("not a readable zip archive: it has no end record"),
        hint: "the file is damaged or its download was not finished")
  }

  /// Takes the end record at `place`.
  private init(_ source: any ByteSource, endingAt place: Int) throws(ParseFailure) {
    self.source = source
    let record = try source.bytes(at: place, count: Self.endSize)
    end = place + Self.endSize + Int(LittleEndian.load(UInt16.self, record, at: 20))
    var count = UInt64(LittleEndian.load(UInt16.self, record, at: 10))
    var size = UInt64(LittleEndian.load(UInt32.self, record, at: 12))
    var stated = UInt64(LittleEndian.load(UInt32.self, record, at: 16))
    var limit = place
    let locator = place - Self.locatorSize
    if locator >= Self.end64Size, try source.starts(with: FileMagic.zip64Locator, at: locator) {
      // The record may be longer than its fields; its place says where it starts, if nothing is before it.
      let fields = try source.bytes(at: locator, count: Self.locatorSize)
      let named = Int(clamping: LittleEndian.load(UInt64.self, fields, at: 8))
      let usual = locator - Self.end64Size
      let start = try source.starts(with: FileMagic.zip64End, at: usual) ? usual : named
      guard start <= usual, try source.starts(with: FileMagic.zip64End, at: start) else {
        throw ParseFailure(.invalid("the zip64 end record is not where the archive says"), at: locator)
      }
      let record = try source.bytes(at: start, count: Self.end64Size)
      count = LittleEndian.load(UInt64.self, record, at: 32)
      size = LittleEndian.load(UInt64.self, record, at: 40)
      stated = LittleEndian.load(UInt64.self, record, at: 48)
      limit = start
    }
    self.count = count
    guard size <= UInt64(limit) else {
      throw ParseFailure(
        .invalid("the zip directory has \(size) bytes; \(limit) are before its end"), at: place)
    }
    directory = limit - Int(size)
    directoryEnd = limit
    guard UInt64(directory) == stated else {
      throw Self.severalArchives(Int(clamping: Int64(directory) - Int64(clamping: stated)))
    }
  }

  /// A comment may have any bytes, but not those of another archive.
  private func requirePlainComment(from place: Int) throws(ParseFailure) {
    let start = place + Self.endSize
    guard end > start else { return }
    let comment = try source.bytes(at: start, count: end - start)
    if let entry = comment.firstRange(of: FileMagic.zip) {
      throw Self.severalArchives(start + entry.lowerBound)
    }
  }

  private static func severalArchives(_ offset: Int) -> ParseFailure {
    ParseFailure(
      .invalid("more than one zip archive: the last starts at byte \(max(offset, 0))"),
      hint: "a data file of torch.distributed.checkpoint is such a file: name its folder, with .metadata")
  }

  /// Offsets of what may be the end record, the last first: of those whose comment ends with the file, or else
  /// of those whose comment is inside it.
  private static func ends(_ source: any ByteSource) throws(ParseFailure) -> [Int] {
    let last = source.byteCount - endSize
    // Nearly always, there is no comment.
    if last >= 0, try source.starts(with: FileMagic.emptyZip, at: last),
      try source.bytes(at: last + 20, count: 2) == [0, 0],
      try isConsistent(source, endingAt: last)
    {
      return [last]
    }
    let start = max(0, last - Int(UInt16.max))
    let tail = try source.bytes(at: start, count: source.byteCount - start)
    var (exact, inside): ([Int], [Int]) = ([], [])
    var place = tail.count - endSize
    while place >= 0, exact.count < 16, inside.count < 16 {
      if tail[place...].starts(with: FileMagic.emptyZip) {
        let end = place + endSize + Int(LittleEndian.load(UInt16.self, tail, at: place + 20))
        if end == tail.count { exact.append(start + place) }
        if end < tail.count { inside.append(start + place) }
      }
      place -= 1
    }
    return exact.isEmpty ? inside : exact
  }

  private static func isConsistent(_ source: any ByteSource, endingAt place: Int) throws(ParseFailure) -> Bool
  {
    do throws(ParseFailure) {
      _ = try ZipExtent(source, endingAt: place)
      return true
    } catch {
      return false
    }
  }

  /// Finds the bytes that no entry refers to.
  ///
  /// - Parameters:
  ///   - entries: All entries except folders, as libzip shows them.
  ///   - found: The number of entries including folders.
  /// - Returns: Those bytes, in order.
  /// - Throws: ``ParseFailure`` if the entries are those of another directory.
  func stray(_ entries: [ZipEntry], found: UInt64) throws(ParseFailure) -> [StrayBytes] {
    guard found == count else {
      throw ParseFailure(
        .invalid("the zip archive has \(found) entries; its last end record says \(count)"), at: directory)
    }
    // Local headers of empty entries are in the gaps.
    let empty = entries.contains { $0.dataOffset == nil } || entries.count != Int(clamping: found)
    var stray: [StrayBytes] = []
    var position = 0
    for (header, end) in entries.compactMap(\.extent).sorted(by: { $0.header < $1.header }) {
      try examine(position..<max(position, header), empty, &stray)
      position = max(position, end)
    }
    guard position <= directory else {
      throw ParseFailure(.invalid("the entries are not before the directory of the archive"), at: directory)
    }
    try examine(position..<directory, empty, &stray)
    if end < source.byteCount { try add(end..<source.byteCount, &stray) }
    return stray
  }

  /// Skips data descriptors and the headers of empty entries in a gap between entries.
  private func examine(
    _ gap: Range<Int>, _ mayHaveHeaders: Bool, _ stray: inout [StrayBytes]
  ) throws(ParseFailure) {
    guard
      gap.count > Self.descriptorSize || gap.lowerBound == 0 && !gap.isEmpty || mayHaveHeaders && !gap.isEmpty
    else { return }
    var position = gap.lowerBound
    while position < gap.upperBound {
      let head = try source.bytes(at: position, count: min(30, gap.upperBound - position))
      if mayHaveHeaders, head.count == 30, head.starts(with: FileMagic.zip),
        LittleEndian.load(UInt32.self, head, at: 18) == 0
      {
        position +=
          30 + Int(LittleEndian.load(UInt16.self, head, at: 26))
          + Int(LittleEndian.load(UInt16.self, head, at: 28))
      } else if head.starts(with: FileMagic.zipDescriptor) {
        // 16 bytes, or 24 in zip64: as many as lead to the next record.
        let isFollowed = try source.starts(with: FileMagic.zipRecord, at: position + 16)
        position += isFollowed || position + 16 == gap.upperBound ? 16 : Self.descriptorSize
      } else {
        break
      }
    }
    guard position < gap.upperBound, gap.upperBound - position > Self.descriptorSize || position == 0 else {
      return
    }
    try add(position..<gap.upperBound, &stray)
  }

  private func add(_ range: Range<Int>, _ stray: inout [StrayBytes]) throws(ParseFailure) {
    let isDirectory = try source.starts(with: FileMagic.zipDirectory, at: range.lowerBound)
    let isEntry = try source.starts(with: FileMagic.zip, at: range.lowerBound)
    if isDirectory || isEntry && range.lowerBound >= end {
      throw Self.severalArchives(range.upperBound)
    }
    // Padding between entries.
    guard stray.count < 1000, try !isZero(range) else { return }
    stray.append(StrayBytes(offset: range.lowerBound, count: range.count))
  }

  private func isZero(_ range: Range<Int>) throws(ParseFailure) -> Bool {
    var position = range.lowerBound
    while position < range.upperBound {
      let piece = try source.bytes(at: position, count: min(1 << 16, range.upperBound - position))
      guard piece.allSatisfy({ $0 == 0 }) else { return false }
      position += piece.count
    }
    return true
  }
}
