/// Random access to untrusted bytes: a file, a part of one, or memory.
///
/// Readers get copies of ranges, so a file that shrinks while it is read causes an error and never a signal.
/// Passes over all values of a tensor may use a mapping instead (`MappedWalk`).
public protocol ByteSource: Sendable {
  /// Size in bytes when the source was opened.
  var byteCount: Int { get }

  /// Copies `destination.count` bytes, starting at `offset`.
  ///
  /// - Throws: ``ParseFailure`` `.truncated` if the range is not within the source.
  func read(at offset: Int, into destination: UnsafeMutableRawBufferPointer) throws(ParseFailure)
}

extension ByteSource {
  /// The bytes of a range, as an array.
  ///
  /// - Throws: ``ParseFailure`` if the range is not within the source, before anything is allocated.
  package func bytes(at offset: Int, count: Int) throws(ParseFailure) -> [UInt8] {
    try requireRange(offset, count)
    guard count > 0 else { return [] }
    var failure: ParseFailure?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(ParseFailure) {
        unsafe try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
        initialized = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Calls `body` with all bytes in order, in pieces of at most `size` bytes.
  package func forEachPiece(
    of size: Int = 1 << 18, _ body: ([UInt8]) throws(ParseFailure) -> Void
  ) throws(ParseFailure) {
    var offset = 0
    while offset < byteCount {
      let piece = try bytes(at: offset, count: min(size, byteCount - offset))
      try body(piece)
      offset += piece.count
    }
  }

  /// Whether these bytes are at `offset`.
  package func starts(with bytes: [UInt8], at offset: Int = 0) throws(ParseFailure) -> Bool {
    guard offset <= byteCount, bytes.count <= byteCount - offset else { return false }
    return try self.bytes(at: offset, count: bytes.count) == bytes
  }

  package func requireRange(_ offset: Int, _ count: Int) throws(ParseFailure) {
    guard offset >= 0, count >= 0, offset <= byteCount, count <= byteCount - offset else {
      throw ParseFailure(
        .truncated(needed: count, available: max(0, byteCount - max(0, offset))), at: offset)
    }
  }
}

/// Bytes in memory: a nested pickle, an inflated record, a test.
public struct MemorySource: ByteSource {
  private let storage: [UInt8]

  /// Creates a source of these bytes.
  public init(_ bytes: [UInt8]) { storage = bytes }

  public var byteCount: Int { storage.count }

  public func read(at offset: Int, into destination: UnsafeMutableRawBufferPointer) throws(ParseFailure) {
    try requireRange(offset, destination.count)
    unsafe storage.withUnsafeBytes { all in
      unsafe destination.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: all[offset..<offset + destination.count]))
    }
  }
}

/// A window of another source, with offsets from zero.
public struct SubSource: ByteSource, MappableSource {
  private let base: any ByteSource
  private let start: Int
  public let byteCount: Int

  /// - Throws: ``ParseFailure`` `.truncated` if the window is not within `base`.
  public init(_ base: any ByteSource, at start: Int, count: Int) throws(ParseFailure) {
    try base.requireRange(start, count)
    self.base = base
    self.start = start
    byteCount = count
  }

  public func read(at offset: Int, into destination: UnsafeMutableRawBufferPointer) throws(ParseFailure) {
    try requireRange(offset, destination.count)
    unsafe try base.read(at: start + offset, into: destination)
  }

  package func walk(_ range: Range<Int>) throws(ParseFailure) -> MappedWalk? {
    try requireRange(range.lowerBound, range.count)
    return try (base as? any MappableSource)?.walk(start + range.lowerBound..<start + range.upperBound)
  }
}
