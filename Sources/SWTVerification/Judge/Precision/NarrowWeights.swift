internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTTensors

/// Weights with fewer bits, for runs of the fast engine.
enum NarrowWeights {
  /// What rounds the weights of every layer; with `scales`, by layer, multiplied by BatchNorm's first.
  static func changes(
    _ tree: LayerTree, _ engineClass: EngineClass, scales: [String: [Float]] = [:]
  ) -> [String: WeightChange] {
    var changes: [String: WeightChange] = [:]
    for unit in tree.convolutions {
      changes["\(unit.name).weight"] = change(
        engineClass, filters: unit.outputChannels, scale: scales[unit.name])
    }
    if let head = tree.head {
      changes["\(head.name).weight"] = change(engineClass, filters: head.outputFeatures)
    }
    return changes
  }

  /// What rounds a layer's weights: as they are, or multiplied by BatchNorm's scale first.
  static func change(
    _ engineClass: EngineClass, filters: Int, scale: [Float]? = nil
  ) -> WeightChange {
    WeightChange { values in
      guard let scale else { return rounded(values, engineClass, filters: filters) }
      let size = max(1, values.count / max(1, filters))
      var scaled = values
      for i in scaled.indices { scaled[i] *= scale[i / size] }
      scaled = rounded(scaled, engineClass, filters: filters)
      // The engine multiplies by the scale again.
      for i in scaled.indices { scaled[i] = scale[i / size] == 0 ? values[i] : scaled[i] / scale[i / size] }
      return scaled
    }
  }

  /// The factor of each filter that folding BatchNorm into it multiplies by; nil if it is folded already.
  static func foldedScale(_ unit: ConvolutionUnit, from weights: some WeightSource) throws -> [Float]? {
    guard weights.holds("\(unit.normName).running_var") else { return nil }
    func values(_ leaf: String) throws -> [Float] {
      try weights.withFloats("\(unit.normName).\(leaf)") { span in span.indices.map { span[$0] } }
    }
    let factors = weights.holds("\(unit.normName).weight") ? try values("weight") : nil
    let variances = try values("running_var")
    return variances.indices.map { (factors?[$0] ?? 1) / (variances[$0] + Float(unit.epsilon)).squareRoot() }
  }

  /// The nearest numbers of the format; integers have a scale per filter.
  private static func rounded(
    _ values: ContiguousArray<Float>, _ engineClass: EngineClass, filters: Int
  ) -> ContiguousArray<Float> {
    switch engineClass {
    case .f16, .tf32: return ContiguousArray(values.map { HalfPrecision.float(half: HalfPrecision.half($0)) })
    case .bf16: return ContiguousArray(values.map { HalfPrecision.float(bfloat: HalfPrecision.bfloat($0)) })
    default:
      var values = values
      Rounding.roundToIntegers(&values, filters: filters)
      return values
    }
  }
}
