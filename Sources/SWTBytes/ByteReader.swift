/// A forward cursor over a window of untrusted bytes.
///
/// A reader never reads outside its window. It buffers at most 64 KiB, so a pickle that precedes gigabytes of
/// tensor data costs no more than the pickle. Offsets in errors are offsets in the source, so an error deep
/// inside a record still names the byte.
package struct ByteReader {
  package let source: any ByteSource
  /// End of the window: the offset after its last byte.
  package let end: Int
  @usableFromInline internal var buffer: [UInt8] = []
  private var bufferStart: Int
  @usableFromInline internal var cursor = 0

  private static let bufferSize = 1 << 16

  /// Creates a reader over `range` of `source`.
  ///
  /// - Throws: ``ParseFailure`` `.truncated` if the range is not within the source.
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

  /// Offset in the source of the next byte to read.
  package var offset: Int { bufferStart + cursor }

  /// Bytes not read yet.
  package var remaining: Int { end - offset }

  /// Reads one byte.
  @inlinable
  package mutating func byte() throws(ParseFailure) -> UInt8 {
    if cursor >= buffer.count { try fill(1) }
    defer { cursor += 1 }
    return buffer[cursor]
  }

  // One function per size: a generic function would be called without specialization by other modules.

  /// Reads one little-endian integer.
  package mutating func read(_: UInt16.Type = UInt16.self) throws(ParseFailure) -> UInt16 {
    UInt16(truncatingIfNeeded: try littleEndian(2))
  }

  /// Reads one little-endian integer.
  package mutating func read(_: UInt32.Type = UInt32.self) throws(ParseFailure) -> UInt32 {
    UInt32(truncatingIfNeeded: try littleEndian(4))
  }

  /// Reads one little-endian integer.
  package mutating func read(_: UInt64.Type = UInt64.self) throws(ParseFailure) -> UInt64 {
    try littleEndian(8)
  }

  private mutating func littleEndian(_ size: Int) throws(ParseFailure) -> UInt64 {
    try fill(size)
    var value: UInt64 = 0
    for i in 0..<size { value |= UInt64(buffer[cursor + i]) << UInt64(8 * i) }
    cursor += size
    return value
  }

  /// Reads `count` bytes.
  ///
  /// - Throws: ``ParseFailure`` `.truncated` if fewer remain, before anything is allocated.
  package mutating func bytes(_ count: Int) throws(ParseFailure) -> [UInt8] { Array(try slice(count)) }

  /// The same, as a part of the buffer if it has all of them.
  package mutating func slice(_ count: Int) throws(ParseFailure) -> ArraySlice<UInt8> {
    try require(count)
    if count <= buffer.count - cursor {
      defer { cursor += count }
      return buffer[cursor..<cursor + count]
    }
    let result = try source.bytes(at: offset, count: count)
    skipTo(offset + count)
    return result[...]
  }

  /// Skips `count` bytes without reading them.
  package mutating func skip(_ count: Int) throws(ParseFailure) {
    try require(count)
    skipTo(offset + count)
  }

  private func require(_ count: Int) throws(ParseFailure) {
    guard count >= 0, count <= remaining else {
      throw ParseFailure(.truncated(needed: count, available: remaining), at: offset)
    }
  }

  /// Reads up to and including the next newline; the result does not contain the newline.
  package mutating func line(limit: Int = 1 << 20) throws(ParseFailure) -> [UInt8] {
    let start = offset
    var text: [UInt8] = []
    while true {
      guard remaining > 0 else {
        throw ParseFailure(.truncated(needed: 1, available: 0), at: start, in: ["unterminated line"])
      }
      let next = try byte()
      if next == 0x0A { return text }
      guard text.count < limit else {
        throw ParseFailure(.invalid("a line has more than \(limit) bytes"), at: start)
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

  /// Makes `count` bytes available in the buffer.
  ///
  /// The only bounds check. `remaining` is never negative, so unlike `offset + count` the comparison cannot
  /// overflow.
  @usableFromInline
  internal mutating func fill(_ count: Int) throws(ParseFailure) {
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
