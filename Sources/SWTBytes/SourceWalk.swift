/// The bytes of a range of a source, window by window: shown where they lie in a mapped file, or copied.
package struct SourceWalk {
  private let source: any ByteSource
  private let end: Int
  /// Where the next byte is.
  private var position: Int
  private var mapped: MappedWalk?

  /// Starts in front of `range`.
  ///
  /// - Parameters:
  ///   - source: Where the bytes are.
  ///   - range: Which of them.
  ///   - maps: Whether they may be shown where they lie; windows can then not be changed.
  /// - Throws: ``ParseFailure`` when the range leaves the source, or the bytes cannot be had.
  package init(_ source: any ByteSource, _ range: Range<Int>, maps: Bool = true) throws(ParseFailure) {
    try source.requireRange(range.lowerBound, range.count)
    self.source = source
    (position, end) = (range.lowerBound, range.upperBound)
    if maps { mapped = try (source as? any MappableSource)?.walk(range) }
  }

  /// Bytes that are left.
  package var left: Int { end - position }

  /// Puts the next bytes into `window`, instead of what it held; false behind the last.
  ///
  /// - Precondition: The window has room for `count` bytes, or the source is mapped.
  /// - Throws: ``ParseFailure`` when the file became shorter, or cannot be read.
  package mutating func next(_ count: Int, into window: WindowBuffer) throws(ParseFailure) -> Bool {
    window.removeAll()
    let count = min(count, left)
    guard count > 0 else {
      try mapped?.finish()
      mapped = nil
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

  /// Makes sure that the source still has what windows show.
  ///
  /// - Throws: ``ParseFailure`` when it has become shorter.
  package func requireSource() throws(ParseFailure) { try mapped?.requireLength() }
}
