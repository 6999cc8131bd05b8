public import SWTBytes

/// How many bytes of values a file may make a reader expand, all tensors together.
///
/// Each tensor has its own bound, but a megabyte of pickle can describe sixteen thousand tensors that each
/// stay below it.
public struct ValueBudget {
  private let maximum: UInt64
  private let limits: ParseLimits
  private var spent: UInt64 = 0

  /// The whole budget for a file of `fileBytes`: `total-bytes` of the limits, scaled to that size.
  public init(_ limits: ParseLimits, fileBytes: Int) {
    self.limits = limits.scaled(toFile: fileBytes)
    maximum = self.limits[.totalBytes]
  }

  /// Counts a tensor's values, and says why they are not to be read, or `nil` when they are.
  public mutating func refuse(_ entry: TensorEntry) -> ParseFailure? {
    if let excess = entry.expansionFailure(limits: limits) { return excess }
    // Reading any part of a deflated record unpacks all of it.
    let cost = UInt64(clamping: max(entry.byteCount, min(entry.storage.byteCount, 1 << 40)))
    let (sum, overflow) = spent.addingReportingOverflow(cost)
    guard !overflow, sum <= maximum else {
      return ParseLimits.failure(.totalBytes, overflow ? UInt64.max : sum, maximum).inside(entry.name)
    }
    spent = sum
    return nil
  }
}
