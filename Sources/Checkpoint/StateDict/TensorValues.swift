public import SWTBytes
internal import SWTTensors

extension TensorEntry {
  /// Largest piece that ``forEachWindow(limits:_:)`` hands out.
  package static let windowBytes = 4 << 20

  /// Streams the logical values: contiguous, row-major, little-endian, conj and neg bits applied.
  ///
  /// Windows are at most 4 MiB, so memory does not depend on the tensor's size.
  ///
  /// - Throws: ``ParseFailure`` when the file ends early, or when the values are far more than the file
  ///   holds (a zero-stride view of 32 elements can claim terabytes).
  public func forEachWindow<E: Error>(
    limits: ParseLimits = ParseLimits(), _ body: ([UInt8]) throws(E) -> Void
  ) throws {
    guard layout.elementCount > 0 else { return }
    guard let source = storage.source else {
      throw ParseFailure(.unsupported("a meta tensor has no values"), in: [name])
    }
    if let excess = expansionFailure(limits: limits) { throw excess }
    let width = scalarType.byteWidth
    if layout.isContiguous {
      var offset = layout.offset * width
      let end = offset + byteCount
      while offset < end {
        let count = min(Self.windowBytes, end - offset)
        try body(finished(try source.bytes(at: offset, count: count)))
        offset += count
      }
      return
    }
    try gather(source, width: width) { window in try body(finished(window)) }
  }

  /// Why the values are not to be expanded, or `nil` when they may be.
  ///
  /// The bound is `hash-bytes`, by default max(64 MiB, 16 × the stored bytes).
  package func expansionFailure(limits: ParseLimits) -> ParseFailure? {
    let asked = limits[.hashBytes]
    let maximum = asked > 0 ? asked : max(64 << 20, UInt64(clamping: storage.byteCount) &* 16)
    guard UInt64(clamping: byteCount) > maximum else { return nil }
    return ParseFailure(
      .limit(.hashBytes, value: UInt64(clamping: byteCount), maximum: maximum), in: [name],
      hint: "the values are a view that repeats stored bytes; --limit hash-bytes=N allows more")
  }

  /// All logical values at once, for tensors that are known to be small.
  package func values(limits: ParseLimits = ParseLimits()) throws -> [UInt8] {
    var all: [UInt8] = []
    try forEachWindow(limits: limits) { (window: [UInt8]) throws(ParseFailure) in all += window }
    return all
  }

  /// Collects the elements of a strided view in row-major order.
  private func gather(
    _ source: any ByteSource, width: Int, _ body: ([UInt8]) throws -> Void
  ) throws {
    // The inner dimensions that lie without gaps are copied as one run.
    var run = 1
    var outer = layout.shape.count
    while outer > 0, layout.shape[outer - 1] == 1 || layout.strides[outer - 1] == run {
      run *= layout.shape[outer - 1]
      outer -= 1
    }
    var pages = PagedReader(source)
    var window: [UInt8] = []
    var index = [Int](repeating: 0, count: outer)
    var position = layout.offset
    while true {
      var start = position * width
      var left = run * width
      while left > 0 {
        let piece = min(left, Self.windowBytes - window.count)
        try pages.append(piece, at: start, to: &window)
        start += piece
        left -= piece
        if window.count == Self.windowBytes {
          try body(window)
          window.removeAll(keepingCapacity: true)
        }
      }
      var dimension = outer - 1
      while dimension >= 0 {
        index[dimension] += 1
        position += layout.strides[dimension]
        if index[dimension] < layout.shape[dimension] { break }
        position -= layout.strides[dimension] * layout.shape[dimension]
        index[dimension] = 0
        dimension -= 1
      }
      if dimension < 0 { break }
    }
    if !window.isEmpty { try body(window) }
  }

  /// Swaps bytes of big-endian files and applies the conj and neg bits.
  ///
  /// Windows hold whole elements: 4 MiB is a multiple of every element size.
  private func finished(_ window: [UInt8]) -> [UInt8] {
    var bytes = window
    let swap = scalarType.swapWidth
    if storage.isBigEndian, swap > 1 {
      for start in stride(from: 0, to: bytes.count - swap + 1, by: swap) {
        bytes[start..<start + swap].reverse()
      }
    }
    if isConjugated, scalarType.isComplex {
      // The sign bit of the imaginary half, the top bit of its last byte.
      for start in stride(from: swap, to: bytes.count - swap + 1, by: 2 * swap) {
        bytes[start + swap - 1] ^= 0x80
      }
    }
    if isNegated {
      for start in stride(from: 0, to: bytes.count - swap + 1, by: swap) {
        bytes[start + swap - 1] ^= 0x80
      }
    }
    return bytes
  }
}
