/// A pass through a part of a mapped file, from front to back. Pages already passed are released, so few are
/// resident at a time, whatever the size of the file.
///
/// A file that is truncated meanwhile is an error: its length is checked every few MiB. Between a check and
/// the reads after it `SIGBUS` is still possible.
package struct MappedWalk {
  /// Bytes to release at a time. Releasing interrupts every core that this process runs on.
  private static let stretchBytes = 4 << 20
  /// The system maps this much around a page fault, so this much around a stretch is released with it.
  private static let marginBytes = 64 << 10

  package let file: MappedFile
  private let source: FileSource
  private let end: Int
  /// Offset of the next byte in the file.
  package private(set) var position: Int
  /// The range that may be resident.
  private var stretch: Range<Int>

  /// Starts at the beginning of `range`.
  ///
  /// - Precondition: The range is within the file.
  init(_ file: MappedFile, _ range: Range<Int>, of source: FileSource) {
    precondition(range.lowerBound >= 0 && range.upperBound <= file.byteCount, "a range outside the mapping")
    self.file = file
    self.source = source
    position = range.lowerBound
    end = range.upperBound
    stretch = range.lowerBound..<range.lowerBound
  }

  /// Bytes not passed yet.
  package var left: Int { end - position }

  /// Whether it passes through the file that `path` names now.
  package func isFile(at path: String) -> Bool { source.isFile(at: path) }

  /// Advances over the next bytes.
  ///
  /// - Parameter count: How many; fewer are returned at the end.
  /// - Throws: ``ParseFailure`` if the file was truncated or cannot be read.
  /// - Returns: The bytes, valid as long as ``file`` lives. After the next call their pages may have to be
  ///   read again.
  package mutating func next(_ count: Int) throws(ParseFailure) -> UnsafeRawBufferPointer {
    let piece = position..<position + min(count, left)
    if piece.upperBound > stretch.upperBound {
      // The first page of this piece may also contain the end of the previous one, which may still be in use.
      release(upTo: piece.lowerBound)
      stretch = piece.lowerBound..<min(max(piece.upperBound, piece.lowerBound + Self.stretchBytes), end)
      try source.requireLength(stretch.upperBound)
    }
    position = piece.upperBound
    return unsafe UnsafeRawBufferPointer(rebasing: file.buffer[piece])
  }

  /// Checks that the file still contains all bytes returned so far.
  ///
  /// - Throws: ``ParseFailure`` if it was truncated.
  package func requireLength() throws(ParseFailure) { try source.requireLength(position) }

  /// Releases what is still resident.
  ///
  /// - Throws: ``ParseFailure`` if the file was truncated: where `SIGBUS` is handled by mapping zeros, the
  ///   last bytes may have been zeros.
  package mutating func finish() throws(ParseFailure) {
    try requireLength()
    release(upTo: stretch.upperBound + Self.marginBytes)
    stretch = position..<position
  }

  private func release(upTo end: Int) {
    guard !stretch.isEmpty else { return }
    file.advise(.release, max(stretch.lowerBound - Self.marginBytes, 0)..<end)
  }
}

/// A source whose bytes may be contiguous in a mapped file.
package protocol MappableSource: ByteSource {
  /// A pass through a range of the bytes; nil if they must be read instead.
  ///
  /// - Throws: ``ParseFailure`` if the range is not within the source, or if the bytes cannot be made
  ///   available.
  func walk(_ range: Range<Int>) throws(ParseFailure) -> MappedWalk?
}
