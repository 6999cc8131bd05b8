internal import ResNetArchitecture
internal import ResNetEngine

/// Finds tensors of the stage at fault that have their initial values; lost values cannot be tried, only
/// suspected.
struct LostValues<Source: WeightSource> {
  let tree: LayerTree
  let weights: Source

  private struct Sign {
    let id: String
    let leaf: String
    let value: Float
  }

  private static var signs: [Sign] {
    [
      Sign(id: "running-mean-unloaded", leaf: "running_mean", value: 0),
      Sign(id: "running-var-unloaded", leaf: "running_var", value: 1),
      Sign(id: "bn-weight-unloaded", leaf: "weight", value: 1),
      Sign(id: "bn-bias-unloaded", leaf: "bias", value: 0),
    ]
  }

  /// Suspected losses in `stage`, in execution order; values that also occur elsewhere in this network do not
  /// count.
  func causes(in stage: String, relL2: Double) throws -> [Cause] {
    var causes: [Cause] = []
    func add(_ id: String, _ text: String, _ place: String) {
      causes.append(
        Cause(
          id: id, text: "in the model, \(text) as before training, so perhaps it was not loaded",
          side: .weights, place: place, relL2Before: relL2, relL2After: .nan, explainsToTimesFloor: .nan,
          isConfirmed: false))
    }
    let layers = Set(tree.layers(of: stage))
    for unit in tree.convolutions where layers.contains(unit.name) {
      for sign in Self.signs where try isAll(sign.value, "\(unit.normName).\(sign.leaf)") {
        // If others have it too, it means nothing.
        let others = tree.convolutions.filter { $0.name != unit.name }
        guard try !others.contains(where: { try isAll(sign.value, "\($0.normName).\(sign.leaf)") }) else {
          continue
        }
        add(sign.id, "\(unit.normName).\(sign.leaf) is all \(Int(sign.value))", unit.name)
      }
      let filters = try zeroFilters(unit)
      if filters.count == 1 {
        add("filter-zeroed", "filter \(filters[0]) of \(unit.name) is all 0", unit.name)
      }
      if filters.count > 1, filters.count == unit.outputChannels {
        add("filter-zeroed", "\(unit.name).weight is all 0", unit.name)
      }
    }
    if let head = tree.head, stage == head.name, try isAll(0, "\(head.name).bias") {
      add("fc-bias-missing", "\(head.name).bias is all 0", head.name)
    }
    return causes
  }

  private func isAll(_ value: Float, _ name: String) throws -> Bool {
    guard weights.holds(name) else { return false }
    return try weights.withFloats(name) { values in values.indices.allSatisfy { values[$0] == value } }
  }

  private func zeroFilters(_ unit: ConvolutionUnit) throws -> [Int] {
    let size = unit.weightShape.dropFirst().reduce(1, *)
    return try weights.withFloats("\(unit.name).weight") { values in
      (0..<unit.outputChannels).filter { filter in
        (filter * size..<(filter + 1) * size).allSatisfy { values[$0] == 0 }
      }
    }
  }
}
