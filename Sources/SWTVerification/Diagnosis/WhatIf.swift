internal import ResNetArchitecture
internal import ResNetEngine

/// What is changed about one run: the model or the function it stands for, to see whether that explains an error.
struct WhatIf: Sendable {
  /// What is fed in; nil is the golden's input.
  var input: (@Sendable (FeatureMap<Float>) -> FeatureMap<Float>)?
  /// By tensor name.
  var weights: [String: WeightChange] = [:]
  var deviation = Deviation()
  /// What is done to the output, row by row of the batch; nil is nothing.
  var output: (@Sendable ([Double]) -> [Double])?

  /// True when only the double engine can compute it.
  var deviates: Bool { deviation != Deviation() }

  /// The layers whose weights are changed, as the layer tree calls them.
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
