internal import SWTTensors

/// Identifies the values of a checkpoint's tensor: equal for two tensors that are the same view of one
/// storage.
package struct StorageView: Hashable, Sendable {
  private let storage: ObjectIdentifier
  private let type: ScalarType
  private let layout: StridedLayout
  private let isConjugated: Bool
  private let isNegated: Bool

  package init(_ entry: TensorEntry) {
    storage = ObjectIdentifier(entry.storage)
    type = entry.scalarType
    layout = entry.layout
    isConjugated = entry.isConjugated
    isNegated = entry.isNegated
  }
}
