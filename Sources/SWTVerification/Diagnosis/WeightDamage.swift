internal import ResNetArchitecture
internal import ResNetEngine

/// What digests and values say about damaged tensors.
struct WeightDamage<Source: WeightSource> {
  private let tree: LayerTree
  private let weights: Source
  /// Tensors that differ from those that the golden was made with, in execution order.
  let tensors: [String]

  init(_ tree: LayerTree, _ weights: Source, _ report: WeightsReport?) {
    self.tree = tree
    self.weights = weights
    let names = Set((report?.differing ?? []) + (report?.missing ?? []))
    tensors = tree.parameters.map(\.name).filter { names.contains($0) }
  }

  /// The layers of the tensors, in execution order.
  private var layers: [String] {
    let changed = WhatIf(weights: Dictionary(uniqueKeysWithValues: tensors.map { ($0, WeightChange()) }))
      .layers(in: tree)
    return tree.tapNames.flatMap { tree.layers(of: $0) }.filter { changed.contains($0) }
  }

  /// The layer of all tensors, if there is only one.
  var layer: String? { layers.count == 1 ? layers[0] : nil }

  /// The stage of all tensors, if there is only one.
  var stage: String? {
    let stages = Set(layers.compactMap { try? tree.stage(ofTap: $0) })
    return stages.count == 1 ? stages.first : nil
  }

  /// A cause that names the tensors; nil if there are none.
  func cause(_ relL2: Double) -> Cause? {
    guard !tensors.isEmpty else { return nil }
    var text = tensors.prefix(4).joined(separator: ", ")
    if tensors.count > 4 { text += " and \(tensors.count - 4) more" }
    text += tensors.count == 1 ? " differs from the golden's tensor" : " differ from the golden's tensors"
    text += " (by digest)"
    let looks = tensors.prefix(4).compactMap { name in look(name).map { "\(name) \($0)" } }
    if !looks.isEmpty { text += "; \(looks.joined(separator: ", "))" }
    return Cause(
      id: "tensors-differ", text: text, side: .weights, place: tensors.count == 1 ? tensors[0] : stage,
      relL2Before: relL2, relL2After: .nan, explainsToTimesFloor: .nan, isConfirmed: false)
  }

  /// A description of values that look lost.
  private func look(_ name: String) -> String? {
    guard weights.holds(name) else { return "is missing" }
    let values = try? weights.withFloats(name) { span in ContiguousArray(span.indices.map { span[$0] }) }
    guard let values, let first = values.first else { return nil }
    if values.contains(where: { !$0.isFinite }) { return "has NaN or infinite values" }
    return values.allSatisfy { $0 == first } ? "is all \(first == 0 ? "0" : "\(first)")" : nil
  }
}
