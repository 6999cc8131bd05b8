public import SWTBytes
internal import SWTTensors

extension TensorEntry {
  /// Streams the logical values: contiguous, row-major, little-endian, conj and neg bits applied.
  ///
  /// Windows are at most 4 MiB, so memory does not depend on the tensor's size.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` when the file ends early, or when the values are far more than
  ///   the file holds (a zero-stride view of 32 elements can claim terabytes).
  public func forEachWindow<E: Error>(
    limits: ParseLimits = ParseLimits(), _ body: ([UInt8]) throws(E) -> Void
  ) throws {
    var windows = try TensorWindows(self, limits: limits)
    while let window = try windows.next() { try body(window) }
  }

  /// All logical values at once, for tensors that are known to be small.
  package func values(limits: ParseLimits = ParseLimits()) throws(ParseFailure) -> [UInt8] {
    var windows = try TensorWindows(self, limits: limits)
    var all: [UInt8] = []
    while let window = try windows.next() { all += window }
    return all
  }

  /// Why the values are not to be expanded, or `nil` when they may be.
  ///
  /// The bound is `hash-bytes`, by default max(64 MiB, 16 × the stored bytes).
  package func expansionFailure(limits: ParseLimits) -> ParseFailure? {
    let (stored, overflow) = UInt64(clamping: storage.byteCount).multipliedReportingOverflow(by: 16)
    let maximum =
      limits.isChosen(.hashBytes)
      ? limits[.hashBytes] : max(limits[.hashBytes], overflow ? UInt64.max : stored)
    guard UInt64(clamping: byteCount) > maximum else { return nil }
    return ParseFailure(
      .limit(.hashBytes, value: UInt64(clamping: byteCount), maximum: maximum), in: [name],
      hint: "the values are a view that repeats stored bytes; --limit hash-bytes=N allows more")
  }
}
