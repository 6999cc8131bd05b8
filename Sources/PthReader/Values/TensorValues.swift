internal import SWTBytes
internal import SWTTensors

extension TensorEntry {
  /// All values at once, without budget and checksum; for small tensors that describe others, such as scales.
  func smallValues(limits: ParseLimits) throws(ParseFailure) -> [UInt8] {
    var windows = try TensorWindows(self, limits: limits)
    var all: [UInt8] = []
    while let window = try windows.next() { all += window }
    return all
  }

  /// Why the values may not be expanded; nil if they may.
  ///
  /// The limit is `hash-bytes`, by default 16 × the stored bytes, at least 64 MiB.
  func expansionFailure(limits: ParseLimits) -> ParseFailure? {
    let (stored, overflow) = UInt64(clamping: storage.byteCount).multipliedReportingOverflow(by: 16)
    let maximum =
      limits.isChosen(.hashBytes)
      ? limits[.hashBytes] : max(limits[.hashBytes], overflow ? UInt64.max : stored)
    guard UInt64(clamping: byteCount) > maximum else { return nil }
    return ParseFailure(
      .limit(.hashBytes, value: UInt64(clamping: byteCount), maximum: maximum), in: [name],
      hint: "the tensor is a view that repeats stored bytes")
  }
}
