internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTGoldens

/// Compares the convolutions of one stage one by one: our engine with a float64 replay from the same input.
///
/// Both have the same weights, so a difference is a fault of a kernel. If the golden has a tap of the
/// convolution, the replay is also compared with that; such a difference is a fault of the weights or of the
/// function.
struct LayerComparison<Engine: ForwardEngine, Source: WeightSource> {
  private let engine: Engine
  private let reference: ReferenceEngine<Source>
  private let judge: GoldenJudge
  private let replay: Replay

  init(
    _ engine: Engine, _ reference: ReferenceEngine<Source>, _ judge: GoldenJudge, _ replay: Replay
  ) {
    self.engine = engine
    self.reference = reference
    self.judge = judge
    self.replay = replay
  }

  /// Compares the convolutions `layers` of `stage` in execution order, then the stage itself, all with input
  /// `feed`.
  func run(
    _ stage: String, _ layers: [String], _ feed: FeatureMap<Float>
  ) throws -> [GoldenReport.LayerError] {
    guard judge.tree.block(stage) != nil else { return [] }
    let exact = try reference.runStage(stage, feed, taps: Set(layers))
    // The last convolution and the residual sum are one kernel call.
    let available = layers.filter { layer in
      (try? engine.runStage(stage, feed, taps: [layer])) != nil
    }
    let computed = try engine.runStage(stage, feed, taps: Set(available))
    let criterion = judge.criterion(ofStage: stage)
    var errors: [GoldenReport.LayerError] = []
    for layer in layers + [stage] {
      let ours = layer == stage ? computed.output : computed.taps[layer]
      let theirs = layer == stage ? exact.output : exact.taps[layer]
      var worst: ErrorMetrics?
      if let ours, let theirs {
        worst = ErrorMetrics(ours.values.map { Double($0) }, reference: theirs.values)
      }
      if layer != stage, let tap = judge.golden.tap(layer), let theirs = replay.result.taps[layer] {
        let metrics = ErrorMetrics(
          tap.select(theirs.values), reference: tap.stored.map { Double($0) })
        if !(metrics.relL2 <= worst?.relL2 ?? 0) { worst = metrics }
      }
      guard let worst else { continue }
      errors.append(
        GoldenReport.LayerError(
          name: layer, relL2: worst.relL2, bound: criterion.allowedRelL2, passes: criterion.accepts(worst)))
    }
    return errors
  }
}
