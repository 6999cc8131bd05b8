internal import SWTBytes
internal import SWTTensors

/// The logical values of a tensor, piece by piece: contiguous, row-major, little-endian, with conj and neg
/// bits applied.
///
/// Pieces have whole elements and at most 4 MiB, so memory does not depend on the size of the tensor.
package struct TensorWindows {
  package static let windowBytes = 4 << 20
  /// Size of pieces that stay in a core's cache over several passes, and are large enough to be written to a
  /// file with few calls.
  package static let cachedBytes = 1 << 20
  /// Smaller tensors are copied, which is cheaper than mapping and releasing them.
  static let mappedBytes = 256 << 10

  private let entry: TensorEntry
  private let width: Int
  /// Size in bytes of every piece except the last.
  private let pieceBytes: Int
  /// Offset of the next byte: of a contiguous tensor in its storage, of a strided one in its current run.
  private var start: Int
  /// Bytes left there.
  private var left: Int
  private var strided: Strided?
  /// The pass through a contiguous tensor.
  private var walk: SourceWalk?
  /// The pass through a tensor whose chunks are stored apart.
  private var assembled: AssembledPass?

  /// The position in a strided view. The inner dimensions without gaps are copied as one run.
  private struct Strided {
    let runBytes: Int
    let outer: Int
    let strides: [Int]
    var index: [Int]
    var position: Int
    var pages: PagedReader
  }

  /// Starts at the first value.
  ///
  /// - Parameters:
  ///   - entry: The tensor.
  ///   - limits: Limits on the size of its values.
  ///   - pieceBytes: Size in bytes of every piece except the last, rounded down to whole elements.
  ///   - maps: Whether large tensors stored verbatim may be read in place from a mapping; false if only the
  ///     first piece is needed.
  ///   - pageCount: Number of pages of a strided tensor's storage that are kept in memory.
  /// - Throws: ``ParseFailure`` if the file has no values, or if they are far larger than what is stored (a
  ///   zero-stride view of 32 elements can claim terabytes).
  init(
    _ entry: TensorEntry, limits: ParseLimits, pieceBytes: Int = TensorWindows.windowBytes, maps: Bool = true,
    pageCount: Int = PagedReader.slotCount
  ) throws(ParseFailure) {
    self.entry = entry
    width = entry.scalarType.byteWidth
    self.pieceBytes = max(pieceBytes / width, 1) * width
    let layout = entry.layout
    guard layout.elementCount > 0 else {
      (start, left) = (0, 0)
      return
    }
    guard let source = entry.storage.source else {
      throw ParseFailure(.unsupported("a meta tensor has no values"), in: [entry.name])
    }
    if let excess = entry.expansionFailure(limits: limits) { throw excess }
    start = layout.offset * width
    if layout.isContiguous {
      left = entry.byteCount
      if let source = source as? AssembledSource, left == source.byteCount {
        assembled = AssembledPass(source, maps: maps && entry.hasStoredBytes && left >= Self.mappedBytes)
        return
      }
      walk = try SourceWalk(
        source, start..<start + left, maps: maps && entry.hasStoredBytes && left >= Self.mappedBytes)
      return
    }
    var run = 1
    var outer = layout.shape.count
    let strides = layout.strides
    while outer > 0, layout.shape[outer - 1] == 1 || strides[outer - 1] == run {
      run *= layout.shape[outer - 1]
      outer -= 1
    }
    left = run * width
    strided = Strided(
      runBytes: left, outer: outer, strides: strides, index: Array(repeating: 0, count: outer),
      position: layout.offset,
      pages: PagedReader(source, pageCount: pageCount))
  }

  /// Capacity that a window needs, in bytes.
  var capacity: Int { strided == nil ? max(min(pieceBytes, left), 1) : pieceBytes }

  /// The next piece; nil after the last.
  mutating func next() throws(ParseFailure) -> [UInt8]? {
    let window = WindowBuffer(capacity: strided == nil ? min(pieceBytes, left) : pieceBytes)
    guard try next(into: window) else { return nil }
    return unsafe window.bytes.withUnsafeBytes { unsafe Array($0) }
  }

  /// Fills `window` with the next piece; returns false after the last.
  ///
  /// - Precondition: The window has room for a piece.
  mutating func next(into window: WindowBuffer) throws(ParseFailure) -> Bool {
    if var here = walk {
      guard try here.next(pieceBytes, into: window) else { return false }
      left = here.left
      walk = here
    } else if var here = assembled {
      assembled = nil
      let isNext = try here.next(pieceBytes, into: window)
      left = here.left
      assembled = here
      guard isNext else { return false }
    } else {
      window.removeAll()
      guard left > 0 else { return false }
      while left > 0, window.count < pieceBytes {
        let piece = min(left, pieceBytes - window.count)
        try strided?.pages.append(piece, at: start, to: window)
        start += piece
        left -= piece
        if left == 0 { advance() }
      }
    }
    if !entry.hasStoredBytes { finish(window) }
    return true
  }

  /// Checks that the file still has the bytes returned so far.
  ///
  /// - Throws: ``ParseFailure`` if it was truncated.
  func requireSource() throws(ParseFailure) {
    try walk?.requireSource()
    try assembled?.requireSource()
  }

  /// Compares the checksums of chunks while they are read; false if the tensor has none.
  mutating func compareChunkChecksums() -> Bool {
    assembled?.compareChecksums()
    return assembled != nil
  }

  /// Advances to the next run in row-major order; after the last, nothing is left.
  private mutating func advance() {
    guard var here = strided else { return }
    // Taken out, so that the pages are modified in place instead of copied.
    strided = nil
    let layout = entry.layout
    var dimension = here.outer - 1
    while dimension >= 0 {
      here.index[dimension] += 1
      here.position += here.strides[dimension]
      if here.index[dimension] < layout.shape[dimension] { break }
      here.position -= here.strides[dimension] * layout.shape[dimension]
      here.index[dimension] = 0
      dimension -= 1
    }
    if dimension >= 0 {
      start = here.position * width
      left = here.runBytes
    }
    strided = here
  }

  /// Whether the values are, byte for byte, the whole storage.
  var isWholeStorage: Bool {
    strided == nil && entry.hasStoredBytes && entry.layout.offset == 0
      && entry.byteCount == entry.storage.byteCount
  }

  /// Swaps bytes of big-endian files and applies the conj and neg bits.
  private func finish(_ window: WindowBuffer) {
    let swap = entry.scalarType.swapWidth
    unsafe window.modify { bytes in
      if entry.swapsBytes {
        for start in stride(from: 0, to: bytes.count - swap + 1, by: swap) {
          unsafe bytes[start..<start + swap].reverse()
        }
      }
      if entry.conjugates {
        // The sign bit of the imaginary part: the top bit of its last byte.
        for start in stride(from: swap, to: bytes.count - swap + 1, by: 2 * swap) {
          unsafe bytes[start + swap - 1] ^= 0x80
        }
      }
      if entry.isNegated {
        for start in stride(from: 0, to: bytes.count - swap + 1, by: swap) {
          unsafe bytes[start + swap - 1] ^= 0x80
        }
      }
    }
  }
}

extension TensorEntry {
  fileprivate var swapsBytes: Bool { storage.isBigEndian && scalarType.swapWidth > 1 }
  fileprivate var conjugates: Bool { isConjugated && scalarType.isComplex }

  /// Whether each value has the bytes that are stored: none are swapped, conjugated or negated.
  fileprivate var hasStoredBytes: Bool { !(swapsBytes || conjugates || isNegated) }

  /// Whether the values are a range of the storage, byte for byte.
  var isVerbatim: Bool { layout.isContiguous && hasStoredBytes }
}
