internal import SWTBytes

/// Reads small ranges of bytes at rising offsets, many of them with one read of the file.
struct ReadAhead {
  private let source: any ByteSource
  /// The bytes read last.
  private(set) var bytes: [UInt8] = []
  private var start = 0

  init(_ source: any ByteSource) { self.source = source }

  /// Makes `count` bytes at `offset` available, and reads up to `ahead` if they are not there yet.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` `.truncated` if they are not within the source.
  /// - Returns: The index in ``bytes`` of the first.
  mutating func index(of offset: Int, count: Int, ahead: Int) throws(ParseFailure) -> Int {
    let index = offset - start
    if index >= 0, index <= bytes.count, count <= bytes.count - index { return index }
    bytes = try source.bytes(at: offset, count: max(count, min(ahead, source.byteCount - offset)))
    start = offset
    return 0
  }
}
