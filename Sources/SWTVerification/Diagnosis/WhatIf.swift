internal import ResNetArchitecture
internal import ResNetEngine

/// A change of a run, of the model or of the function it computes, to see whether it explains an error.
struct WhatIf: Sendable {
  /// Changes the input; nil leaves the golden's input.
  var input: (@Sendable (FeatureMap<Float>) -> FeatureMap<Float>)?
  /// By tensor name.
  var weights: [String: WeightChange] = [:]
  var deviation = Deviation()
  /// Whether the changed weights stand for another function of the same weights.
  var isFunction = false
  /// Changes the output, with rows of classes; nil leaves it unchanged.
  var output: (@Sendable ([Double]) -> [Double])?

  /// Whether it is another function of the same weights, which ports compute everywhere.
  var changesFunction: Bool { deviates || isFunction }

  /// Whether only the float64 engine can compute it.
  var deviates: Bool { deviation != Deviation() }

  /// The layers with changed weights, by their names in the layer tree.
  func layers(in tree: LayerTree) -> Set<String> {
    var owners: [String: String] = [:]
    for unit in tree.convolutions {
      owners[unit.name] = unit.name
      owners[unit.normName] = unit.name
    }
    if let head = tree.head { owners[head.name] = head.name }
    return Set(
      weights.keys.compactMap { name in
        name.lastIndex(of: ".").flatMap { owners[String(name[..<$0])] }
      })
  }

  func source<Base: WeightSource>(over base: Base) -> AlteredWeights<Base> {
    AlteredWeights(base, weights)
  }
}
