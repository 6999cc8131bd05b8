internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTGoldens

/// Finds outputs of layers that an engine gave as they were before the ReLU at the layer's end.
///
/// That is no fault of the engine, only of the place that was read, if what follows was computed from the
/// output after the ReLU.
struct TapsBeforeReLU {
  let tree: LayerTree
  let engine: FastEngine
  let input: FeatureMap<Float>

  /// The most that may be left of an output's error, as a fraction and in all, if its negative values are
  /// replaced by zero.
  private static var fractionLeft: Double { 0.3 }
  private static var errorLeft: Double { 0.1 }

  /// Names of the stages that end with a ReLU and have negative values in `outputs`.
  static func candidates(_ tree: LayerTree, _ outputs: AlignedOutputs) -> [String] {
    let stages = [tree.stem.name] + tree.blocks.map(\.name)
    return stages.filter { stage in
      outputs.layer(stage)?.values.contains { $0 < 0 } == true
        && outputs.layer(stage)?.values.allSatisfy(\.isFinite) == true
    }
  }

  /// Replaces those outputs by what they are after the ReLU.
  ///
  /// - Returns: Their names.
  func rectify(_ outputs: inout AlignedOutputs) throws -> [String] {
    let names = Self.candidates(tree, outputs)
    guard !names.isEmpty else { return [] }
    let maps = try engine.run(input, taps: Set(names)).taps
    return try names.filter { name in
      guard let layer = outputs.layer(name), let map = maps[name], map.shape == layer.shape else {
        return false
      }
      let expected = map.values.map(Double.init)
      let raw = ErrorMetrics(layer.values, reference: expected).relL2
      let rectified = layer.values.map { max($0, 0) }
      let left = ErrorMetrics(rectified, reference: expected).relL2
      guard left <= Self.fractionLeft * raw, left <= Self.errorLeft,
        try isUsedAfterReLU(layer, rectified, outputs)
      else { return false }
      outputs.rectify(name)
      return true
    }
  }

  /// Whether the next output that the engine gave is closer to what follows from the output after the ReLU
  /// than to what follows from the one before it.
  private func isUsedAfterReLU(
    _ layer: AlignedOutputs.Layer, _ rectified: [Double], _ outputs: AlignedOutputs
  ) throws -> Bool {
    let stages = tree.tapNames
    guard let place = stages.firstIndex(of: layer.name), place + 1 < stages.count else { return true }
    let last = stages[stages.count - 1]
    let following = stages[(place + 1)...]
    guard
      let next = following.first(where: { outputs.layer($0 == last ? tree.outputName : $0) != nil }),
      let given = outputs.layer(next == last ? tree.outputName : next)
    else { return true }
    func error(_ values: [Double]) throws -> Double {
      let feed = FeatureMap(shape: layer.shape, values: values.map { Float($0) })
      let result = try engine.run(from: following[place + 1], feed, taps: next == last ? [] : [next])
      let map = result.taps[next] ?? result.output
      guard map.values.count == given.values.count else { return .infinity }
      return ErrorMetrics(given.values, reference: map.values.map(Double.init)).relL2
    }
    return try error(rectified) <= error(layer.values)
  }
}
