/// Objects that a pickle stores to recall them.
///
/// Indices nearly always count up from 0; others cost one entry each, so an index of 2^32 - 1 does not make
/// four billion.
struct PickleMemo {
  private var dense = ChunkedArray<NodeID>()
  private var sparse: [UInt32: NodeID] = [:]

  /// Number of indices in use.
  var count: Int { dense.count + sparse.count }

  subscript(_ index: UInt32) -> NodeID? {
    get { index < dense.count ? dense[Int(index)] : sparse.isEmpty ? nil : sparse[index] }
    set {
      guard let newValue else { return }
      if index < dense.count {
        dense[Int(index)] = newValue
      } else if index == dense.count {
        dense.append(newValue)
        if !sparse.isEmpty { sparse[index] = nil }
      } else {
        sparse[index] = newValue
      }
    }
  }
}
