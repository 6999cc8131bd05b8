internal import ResNetArchitecture
internal import ResNetEngine

/// Finds the first value that is NaN or infinite: in a weight, or else in a layer's output.
struct NonFiniteSearch<Engine: ForwardEngine, Source: WeightSource> {
  let engine: Engine
  let weights: Source

  /// Searches, given an input for which the output was not finite.
  func run(_ input: FeatureMap<Float>) throws -> GoldenReport.NonFinite? {
    try inWeights() ?? inLayers(input)
  }

  private func inWeights() throws -> GoldenReport.NonFinite? {
    let isFolded = !weights.holds("\(engine.tree.stem.units[0].normName).weight")
    for parameter in engine.tree.parameters(isFolded: isFolded)
    where parameter.role != .batchCount && weights.holds(parameter.name) {
      let found = try weights.withFloats(parameter.name) { values -> (Int, Float)? in
        for index in values.indices where !values[index].isFinite { return (index, values[index]) }
        return nil
      }
      if let (index, value) = found {
        return .init(parameter.name, index, shape: parameter.shape, value: Double(value))
      }
    }
    return nil
  }

  private func inLayers(_ input: FeatureMap<Float>) throws -> GoldenReport.NonFinite? {
    let stages = engine.tree.tapNames
    let result = try engine.run(input, taps: Set(stages))
    for stage in stages {
      guard let map = result.taps[stage], let index = map.values.firstIndex(where: { !$0.isFinite }) else {
        continue
      }
      let name = stage == stages.last ? engine.tree.outputName : stage
      return .init(name, index, shape: map.shape, value: Double(map.values[index]))
    }
    return nil
  }
}

extension GoldenReport.NonFinite {
  init(_ tensor: String, _ index: Int, shape: [Int], value: Double) {
    var position: [Int] = []
    var rest = index
    for size in shape.reversed() {
      position.append(rest % max(1, size))
      rest /= max(1, size)
    }
    self.init(
      tensor: tensor, index: index, position: position.reversed(),
      value: value.isNaN ? "nan" : value < 0 ? "-inf" : "inf")
  }
}
