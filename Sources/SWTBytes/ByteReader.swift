/// A forward cursor over a window of untrusted bytes.
///
/// A reader never sees outside its window. It keeps at most 64 KiB of it in memory, so a pickle in front of
/// gigabytes of tensor data costs what the pickle costs. Offsets in errors are those of the source, so a
/// failure deep inside a record still names the byte.
package struct ByteReader {
  package let source: any ByteSource
  /// One past the last byte this reader may see.
  package let end: Int
  private var buffer: [UInt8] = []
  private var bufferStart: Int
  private var cursor = 0

  private static let bufferSize = 1 << 16

  /// Creates a reader over `range` of `source`.
  ///
  /// - Throws: ``ParseFailure`` `.truncated` when the range leaves the source.
  package init(_ source: any ByteSource, _ range: Range<Int>? = nil) throws(ParseFailure) {
    let range = range ?? 0..<source.byteCount
    try source.requireRange(range.lowerBound, range.count)
    self.source = source
    end = range.upperBound
    bufferStart = range.lowerBound
  }

  package init(_ bytes: [UInt8]) {
    source = MemorySource(bytes)
    end = bytes.count
    buffer = bytes
    bufferStart = 0
  }

  /// Offset of the next unread byte in the source.
  package var offset: Int { bufferStart + cursor }

  /// Bytes not yet consumed.
  package var remaining: Int { end - offset }

  /// Reads one byte.
  package mutating func byte() throws(ParseFailure) -> UInt8 {
    if cursor >= buffer.count { try fill(1) }
    defer { cursor += 1 }
    return buffer[cursor]
  }

  /// Reads one little-endian integer.
  package mutating func read<T: FixedWidthInteger & UnsignedInteger>(
    _ type: T.Type = T.self
  ) throws(ParseFailure) -> T {
    let size = T.bitWidth / 8
    try fill(size)
    var value: T = 0
    for i in 0..<size { value |= T(buffer[cursor + i]) << T(8 * i) }
    cursor += size
    return value
  }

  /// Reads `count` bytes.
  ///
  /// - Throws: ``ParseFailure`` `.truncated`, before anything is allocated, when fewer remain.
  package mutating func bytes(_ count: some BinaryInteger) throws(ParseFailure) -> [UInt8] {
    guard let count = Int(exactly: count), count >= 0, count <= remaining else {
      throw ParseFailure(.truncated(needed: Int(clamping: count), available: remaining), at: offset)
    }
    if count <= buffer.count - cursor {
      defer { cursor += count }
      return Array(buffer[cursor..<cursor + count])
    }
    let result = try source.bytes(at: offset, count: count)
    skipTo(offset + count)
    return result
  }

  /// Moves past `count` bytes without reading them.
  package mutating func skip(_ count: some BinaryInteger) throws(ParseFailure) {
    guard let count = Int(exactly: count), count >= 0, count <= remaining else {
      throw ParseFailure(.truncated(needed: Int(clamping: count), available: remaining), at: offset)
    }
    skipTo(offset + count)
  }

  /// Reads up to and past the next newline; the newline is not in the result.
  package mutating func line(limit: Int = 1 << 20) throws(ParseFailure) -> [UInt8] {
    let start = offset
    var text: [UInt8] = []
    while true {
      guard remaining > 0 else {
        throw ParseFailure(.truncated(needed: 1, available: 0), at: start, in: ["line without an end"])
      }
      let next = try byte()
      if next == 0x0A { return text }
      guard text.count < limit else {
        throw ParseFailure(.invalid("a line of more than \(limit) bytes"), at: start)
      }
      text.append(next)
    }
  }

  private mutating func skipTo(_ position: Int) {
    if position - bufferStart <= buffer.count {
      cursor = position - bufferStart
    } else {
      buffer.removeAll(keepingCapacity: true)
      bufferStart = position
      cursor = 0
    }
  }

  /// Makes `count` bytes available in the buffer: the only place a bound is checked.
  ///
  /// `remaining` is never negative, so the comparison cannot overflow the way `offset + count` could.
  private mutating func fill(_ count: Int) throws(ParseFailure) {
    if count <= buffer.count - cursor { return }
    guard count <= remaining else {
      throw ParseFailure(.truncated(needed: count, available: remaining), at: offset)
    }
    let start = offset
    buffer = try source.bytes(at: start, count: min(max(count, Self.bufferSize), end - start))
    bufferStart = start
    cursor = 0
  }
}
