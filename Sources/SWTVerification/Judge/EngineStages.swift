internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTGoldens

/// A part of the network between two outputs that the engine gave: what it had, and what it made of it.
struct EngineStage {
  /// The stages of the part, in execution order; the engine gave the output of the last.
  let stages: [String]
  /// The engine's own output before the part, or the golden's input.
  let feed: FeatureMap<Float>
  /// The engine's output of the part.
  let output: FeatureMap<Double>
  /// What this program makes of the same feed.
  let metrics: ErrorMetrics
  let criterion: Criterion

  var name: String { stages[stages.count - 1] }
  /// Whether the part is wrong by itself.
  var isWrong: Bool { !criterion.accepts(metrics) }
}

/// Cuts the network at the outputs that an engine gave, so that each part is compared with its own input.
struct EngineStages<Source: WeightSource> {
  let judge: GoldenJudge
  let weights: Source
  /// This program's engine, with the model's weights.
  let network: FastEngine
  let outputs: AlignedOutputs
  let input: FeatureMap<Float>

  /// The parts in execution order.
  func run() throws -> [EngineStage] {
    let tree = judge.tree
    var parts: [EngineStage] = []
    var (open, feed): ([String], FeatureMap<Float>) = ([], input)
    for stage in tree.tapNames {
      open.append(stage)
      let name = judge.outputName(of: stage)
      guard let layer = outputs.layer(name), layer.values.allSatisfy(\.isFinite) else { continue }
      let output = FeatureMap(shape: layer.shape, values: layer.values)
      let computed = try compute(open, feed)
      guard computed.shape == output.shape else { break }
      let metrics = ErrorMetrics(output.values, reference: computed.values.map(Double.init))
      parts.append(
        EngineStage(
          stages: open, feed: feed, output: output, metrics: metrics,
          criterion: criterion(open, name)))
      (open, feed) = ([], output.converted())
    }
    return parts
  }

  /// Both sides round, so one stage may be off by the errors of two.
  private func criterion(_ stages: [String], _ name: String) -> Criterion {
    var criterion = stages.count == 1 ? judge.criterion(ofStage: stages[0]) : judge.criterion(of: name)
    criterion.floorRelL2 *= 2
    criterion.floorMax *= 2
    return criterion
  }

  private func compute(_ stages: [String], _ feed: FeatureMap<Float>) throws -> FeatureMap<Float> {
    let last = stages[stages.count - 1]
    if stages.count == 1 { return try network.runStage(last, feed).output }
    if last == judge.tree.tapNames.last { return try network.run(from: stages[0], feed).output }
    let result = try network.run(from: stages[0], feed, taps: [last])
    return result.taps[last] ?? result.output
  }
}
