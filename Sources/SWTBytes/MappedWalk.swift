/// A way through a part of a mapped file, from front to back: the pages behind are let go, so that few are resident
/// whatever the size of the file.
///
/// A file that becomes shorter meanwhile is an error: its length is looked at for every few MiB. What is left is the moment
/// between looking and reading, in which `SIGBUS` is still possible.
package struct MappedWalk {
  /// Bytes that are let go at a time. Letting go interrupts every core that this process runs on.
  private static let stretchBytes = 4 << 20
  /// Around a page that is touched the system maps this much, so this much around a stretch is let go with it.
  private static let marginBytes = 64 << 10

  package let file: MappedFile
  private let source: FileSource
  private let end: Int
  /// Where the next byte is.
  private var position: Int
  /// What may be resident.
  private var stretch: Range<Int>

  /// Starts in front of `range`.
  ///
  /// - Precondition: It lies within the file.
  init(_ file: MappedFile, _ range: Range<Int>, of source: FileSource) {
    precondition(range.lowerBound >= 0 && range.upperBound <= file.byteCount, "a range outside the mapping")
    self.file = file
    self.source = source
    position = range.lowerBound
    end = range.upperBound
    stretch = range.lowerBound..<range.lowerBound
  }

  /// Bytes that are left.
  package var left: Int { end - position }

  /// Goes on over the next bytes.
  ///
  /// - Parameter count: How many; fewer come at the end.
  /// - Throws: ``ParseFailure`` when the file became shorter, or cannot be read.
  /// - Returns: The bytes, valid as long as ``file`` lives; after the next call their pages may have to be fetched anew.
  package mutating func next(_ count: Int) throws(ParseFailure) -> UnsafeRawBufferPointer {
    let piece = position..<position + min(count, left)
    if piece.upperBound > stretch.upperBound {
      // The page in which the piece begins may be in use to its end by what was handed out before.
      release(upTo: piece.lowerBound)
      stretch = piece.lowerBound..<min(max(piece.upperBound, piece.lowerBound + Self.stretchBytes), end)
      try source.requireLength(stretch.upperBound)
    }
    position = piece.upperBound
    return unsafe UnsafeRawBufferPointer(rebasing: file.buffer[piece])
  }

  /// Makes sure that the file still has what was handed out.
  ///
  /// - Throws: ``ParseFailure`` when it has become shorter.
  package func requireLength() throws(ParseFailure) { try source.requireLength(position) }

  /// Lets go of what is still resident.
  ///
  /// - Throws: ``ParseFailure`` when the file has become shorter: what was shown last may have been zeros then, where
  ///   somebody handles `SIGBUS` so.
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

/// A source whose bytes may lie in a file, one after the other as they are.
package protocol MappableSource: ByteSource {
  /// A way through a range of the bytes, or nil when they have to be read.
  ///
  /// - Throws: ``ParseFailure`` when the range leaves the source, or the bytes cannot be had.
  func walk(_ range: Range<Int>) throws(ParseFailure) -> MappedWalk?
}
