/// The bytes of a range of a source, window by window: in place in a mapped file, or copied.
package struct SourceWalk {
  private let source: any ByteSource
  private let end: Int
  /// Offset of the next byte.
  private var position: Int
  private var mapped: MappedWalk?

  /// Starts at the beginning of `range`.
  ///
  /// - Parameters:
  ///   - source: The source of the bytes.
  ///   - range: Their range in it.
  ///   - maps: Whether windows may refer to mapped bytes in place; such windows cannot be modified.
  /// - Throws: ``ParseFailure`` if the range is not within the source, or if the bytes cannot be made
  ///   available.
  package init(_ source: any ByteSource, _ range: Range<Int>, maps: Bool = true) throws(ParseFailure) {
    try source.requireRange(range.lowerBound, range.count)
    self.source = source
    (position, end) = (range.lowerBound, range.upperBound)
    if maps { mapped = try (source as? any MappableSource)?.walk(range) }
  }

  /// Whether windows show mapped bytes in place.
  package var isMapped: Bool { mapped != nil }

  /// Bytes not passed yet.
  package var left: Int { end - position }

  /// Replaces the contents of `window` by the next bytes; returns false after the last.
  ///
  /// - Precondition: The window has room for `count` bytes, or the source is mapped.
  /// - Throws: ``ParseFailure`` if the file was truncated or cannot be read.
  package mutating func next(_ count: Int, into window: WindowBuffer) throws(ParseFailure) -> Bool {
    window.removeAll()
    let count = min(count, left)
    guard count > 0 else {
      try finish()
      return false
    }
    if var walk = mapped {
      try window.show(&walk, count: count)
      mapped = walk
    } else {
      try window.append(source, at: position, count: count)
    }
    position += count
    return true
  }

  /// Checks that the source still has the bytes returned so far.
  ///
  /// - Throws: ``ParseFailure`` if it was truncated.
  package func requireSource() throws(ParseFailure) { try mapped?.requireLength() }

  /// Ends the pass, which releases what is still mapped.
  ///
  /// - Throws: ``ParseFailure`` if the file was truncated.
  package mutating func finish() throws(ParseFailure) {
    try mapped?.finish()
    mapped = nil
  }
}
