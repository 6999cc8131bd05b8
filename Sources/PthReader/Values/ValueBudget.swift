internal import SWTBytes

/// The number of bytes of values that a file may make a reader expand, all tensors together.
///
/// Each tensor has a limit too, but a megabyte of pickle can describe sixteen thousand tensors that each stay
/// below it. A storage counts once, however many views it has: reading any part of a deflated record inflates
/// all of it, and a state dict of flattened parameters is many views of one storage. Each view counts its own
/// bytes in addition, because views may repeat them.
struct ValueBudget {
  private struct View: Hashable {
    let name: ExactString
    let view: StorageView
  }

  private let maximum: UInt64
  private var spent: UInt64 = 0
  private var storages: Set<ObjectIdentifier> = []
  /// Whether each tensor of the file was charged.
  private var isCharged: [Bool]
  /// Other tensors that were charged: those derived from the file's.
  private var views: Set<View> = []

  /// Creates the full budget: `total-bytes` of limits that are scaled to a file with that many tensors.
  init(_ limits: ParseLimits, tensorCount: Int) {
    maximum = limits[.totalBytes]
    isCharged = Array(repeating: false, count: tensorCount)
  }

  /// Charges a tensor's values; nil if they may be read, or were charged before.
  ///
  /// - Parameters:
  ///   - tensor: The tensor.
  ///   - index: Its index in the file, if it is one of the file's.
  ///   - limits: Limits that are scaled to the file.
  /// - Returns: Why the values may not be read.
  mutating func refuse(_ tensor: TensorEntry, at index: Int?, limits: ParseLimits) -> ParseFailure? {
    if let index {
      guard !isCharged[index] else { return nil }
      if let failure = charge(tensor, limits) { return failure }
      isCharged[index] = true
    } else {
      let view = View(name: ExactString(tensor.name), view: StorageView(tensor))
      guard !views.contains(view) else { return nil }
      if let failure = charge(tensor, limits) { return failure }
      views.insert(view)
    }
    return nil
  }

  private mutating func charge(_ tensor: TensorEntry, _ limits: ParseLimits) -> ParseFailure? {
    if let excess = tensor.expansionFailure(limits: limits) { return excess }
    let storage = ObjectIdentifier(tensor.storage)
    var cost = UInt64(clamping: tensor.byteCount)
    if !storages.contains(storage) {
      cost = max(cost, UInt64(clamping: min(tensor.storage.byteCount, 1 << 40)))
    }
    let (sum, overflow) = spent.addingReportingOverflow(cost)
    guard !overflow, sum <= maximum else {
      return ParseLimits.failure(.totalBytes, overflow ? UInt64.max : sum, maximum).inside(tensor.name)
    }
    spent = sum
    storages.insert(storage)
    return nil
  }
}
