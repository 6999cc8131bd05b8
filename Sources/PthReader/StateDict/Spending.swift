internal import SWTBytes

/// Resources used so far, which all parts of one file share.
struct Spending: Sendable {
  private var amounts: [ParseLimits.Name: UInt64] = [:]

  mutating func add(_ name: ParseLimits.Name, _ amount: Int) {
    amounts[name, default: 0] += UInt64(clamping: amount)
  }

  mutating func add(_ other: Spending) {
    amounts.merge(other.amounts) { $0 &+ $1 }
  }

  /// The same without one of the resources.
  func without(_ name: ParseLimits.Name) -> Spending {
    var copy = self
    copy.amounts[name] = nil
    return copy
  }

  /// What is left of the limits.
  func left(of limits: ParseLimits) -> ParseLimits {
    var left = limits
    for (name, amount) in amounts { left[name] = limits[name] - min(limits[name], amount) }
    return left
  }
}
