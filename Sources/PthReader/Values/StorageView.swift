internal import SWTTensors

/// Identifies the values of a checkpoint's tensor: equal for two tensors that are the same view of one
/// storage.
package struct StorageView: Hashable, Sendable {
  private let storage: ObjectIdentifier
  private let type: ScalarType
  private let shape: [Int]
  private let strides: [Int]
  private let offset: Int
  private let isConjugated: Bool
  private let isNegated: Bool

  package init(_ entry: TensorEntry) {
    storage = ObjectIdentifier(entry.storage)
    type = entry.scalarType
    shape = entry.shape
    strides = entry.layout.strides
    offset = entry.layout.offset
    isConjugated = entry.isConjugated
    isNegated = entry.isNegated
  }
}
