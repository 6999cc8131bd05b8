package import SWTBytes
internal import SWTTensors

/// The logical values of a tensor, piece by piece: contiguous, row-major, little-endian, conj and neg bits applied.
///
/// Pieces are at most 4 MiB and hold whole elements, so memory does not depend on the tensor's size.
package struct TensorWindows {
  package static let windowBytes = 4 << 20

  private let entry: TensorEntry
  private let source: any ByteSource
  private let width: Int
  /// Where the next byte is: of a contiguous tensor in its storage, of a strided one in its current run.
  private var start: Int
  /// Bytes left there.
  private var left: Int
  private var strided: Strided?

  /// Where in a strided view we are. The inner dimensions that lie without gaps are copied as one run.
  private struct Strided {
    let runBytes: Int
    let outer: Int
    var index: [Int]
    var position: Int
    var pages: PagedReader
  }

  /// - Throws: ``ParseFailure`` when the file has no values, or when they are far more than it holds (a
  ///   zero-stride view of 32 elements can claim terabytes).
  package init(_ entry: TensorEntry, limits: ParseLimits) throws(ParseFailure) {
    self.entry = entry
    width = entry.scalarType.byteWidth
    let layout = entry.layout
    guard layout.elementCount > 0 else {
      (source, start, left) = (MemorySource([]), 0, 0)
      return
    }
    guard let source = entry.storage.source else {
      throw ParseFailure(.unsupported("a meta tensor has no values"), in: [entry.name])
    }
    if let excess = entry.expansionFailure(limits: limits) { throw excess }
    self.source = source
    start = layout.offset * width
    if layout.isContiguous {
      left = entry.byteCount
      return
    }
    var run = 1
    var outer = layout.shape.count
    while outer > 0, layout.shape[outer - 1] == 1 || layout.strides[outer - 1] == run {
      run *= layout.shape[outer - 1]
      outer -= 1
    }
    left = run * width
    strided = Strided(
      runBytes: left, outer: outer, index: Array(repeating: 0, count: outer), position: layout.offset,
      pages: PagedReader(source))
  }

  /// The next piece, or `nil` behind the last.
  package mutating func next() throws(ParseFailure) -> [UInt8]? {
    guard left > 0 else { return nil }
    guard strided != nil else {
      let count = min(Self.windowBytes, left)
      let bytes = try source.bytes(at: start, count: count)
      start += count
      left -= count
      return finished(bytes)
    }
    var window: [UInt8] = []
    while left > 0, window.count < Self.windowBytes {
      let piece = min(left, Self.windowBytes - window.count)
      try strided?.pages.append(piece, at: start, to: &window)
      start += piece
      left -= piece
      if left == 0 { advance() }
    }
    return finished(window)
  }

  /// Goes on to the next run, in row-major order; after the last one nothing is left.
  private mutating func advance() {
    guard var here = strided else { return }
    // Taken out, so that the pages are changed in place and not copied.
    strided = nil
    let layout = entry.layout
    var dimension = here.outer - 1
    while dimension >= 0 {
      here.index[dimension] += 1
      here.position += layout.strides[dimension]
      if here.index[dimension] < layout.shape[dimension] { break }
      here.position -= layout.strides[dimension] * layout.shape[dimension]
      here.index[dimension] = 0
      dimension -= 1
    }
    if dimension >= 0 {
      start = here.position * width
      left = here.runBytes
    }
    strided = here
  }

  /// Swaps bytes of big-endian files and applies the conj and neg bits.
  private func finished(_ window: [UInt8]) -> [UInt8] {
    let type = entry.scalarType
    let swap = type.swapWidth
    let swaps = entry.storage.isBigEndian && swap > 1
    let conjugates = entry.isConjugated && type.isComplex
    guard swaps || conjugates || entry.isNegated else { return window }
    var bytes = window
    if swaps {
      for start in stride(from: 0, to: bytes.count - swap + 1, by: swap) {
        bytes[start..<start + swap].reverse()
      }
    }
    if conjugates {
      // The sign bit of the imaginary half, the top bit of its last byte.
      for start in stride(from: swap, to: bytes.count - swap + 1, by: 2 * swap) {
        bytes[start + swap - 1] ^= 0x80
      }
    }
    if entry.isNegated {
      for start in stride(from: 0, to: bytes.count - swap + 1, by: swap) {
        bytes[start + swap - 1] ^= 0x80
      }
    }
    return bytes
  }
}
