internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTGoldens

/// The result of localization for one golden.
struct Located {
  var blocks: [GoldenReport.BlockError] = []
  var divergence: GoldenReport.Divergence?
  var layers: [GoldenReport.LayerError] = []
  /// The reference's input of the stage at fault.
  var feed: FeatureMap<Float>?
  /// Whether it is free of the rounding errors of earlier stages.
  var feedIsExact = true
}

/// Finds the first stage of a failing golden that is wrong by itself, and the layer in it.
struct Localizer<Engine: ForwardEngine, Source: WeightSource> {
  /// The engine under test.
  let engine: Engine
  /// The float64 engine with the same weights.
  let reference: ReferenceEngine<Source>
  let judge: GoldenJudge
  let replay: Replay

  private var stages: [String] { judge.tree.tapNames }

  /// Finds the stage, given the comparisons of the engine under test.
  func run(_ comparisons: [GoldenReport.Comparison]) throws -> Located {
    var finding = Located()
    var firstWrong: (stage: String, method: GoldenReport.Divergence.Method, relL2: Double)?
    // The replay replaces the reference until it disagrees; stages without a golden output are assumed to
    // agree.
    var replayHolds = true
    var before = 0.0
    var unknown: [String] = []
    var previous: String?
    for stage in stages {
      let free = comparisons.first { $0.name == judge.outputName(of: stage) }
      var row = GoldenReport.BlockError(
        name: stage, freeRunning: free.map { .init($0.metrics, $0.criterion) })
      let given = feed(of: stage, after: previous)
      let feed = given ?? (replayHolds ? replay.feed(of: stage) : nil)
      let isExact = given != nil || replay.isExact
      if let feed, let measure = try forced(stage, feed, isExact: isExact) {
        row.teacherForced = measure
        if firstWrong == nil {
          if measure.passes {
            before = max(before, measure.relL2)
          } else {
            firstWrong = (stage, given == nil ? .replayed : .teacherForced, measure.relL2)
            (finding.feed, finding.feedIsExact) = (feed, isExact)
          }
        }
      }
      finding.blocks.append(row)
      if replayHolds, let agrees = replay.agrees(stage) {
        replayHolds = agrees
        if !agrees, firstWrong == nil {
          // No sample shows it, or the fault is smaller than the rounding error of a stage.
          firstWrong = (stage, .replayed, replayError(stage))
          (finding.feed, finding.feedIsExact) = (replay.feed(of: stage), replay.isExact)
        }
        if agrees { unknown = [] }
      }
      if firstWrong?.stage == stage { finding.divergence = divergence(firstWrong, before, unknown) }
      if !judge.knows(stage) { unknown.append(stage) }
      previous = stage
    }
    if finding.divergence == nil { finding.divergence = freeRunning(comparisons) }
    if let found = finding.divergence, let feed = finding.feed { try lookInto(found.block, feed, &finding) }
    return finding
  }

  private func divergence(
    _ found: (stage: String, method: GoldenReport.Divergence.Method, relL2: Double)?, _ before: Double,
    _ unknown: [String]
  ) -> GoldenReport.Divergence? {
    found.map {
      GoldenReport.Divergence(
        block: $0.stage, suspects: unknown, method: $0.method, relL2: $0.relL2, before: before)
    }
  }

  /// The golden's activation before `stage`, if it has all of it.
  private func feed(of stage: String, after previous: String?) -> FeatureMap<Float>? {
    guard let previous else { return replay.input }
    guard let tap = judge.golden.tap(previous), tap.isFull else { return nil }
    return FeatureMap(shape: tap.shape, values: tap.stored)
  }

  /// One stage alone; if its input has the rounding errors of earlier stages, the bound is that of all of
  /// them.
  private func forced(
    _ stage: String, _ feed: FeatureMap<Float>, isExact: Bool
  ) throws -> GoldenReport.BlockError.Measure? {
    guard judge.knows(stage) else { return nil }
    let output = try engine.runStage(stage, feed).output
    return judge.metrics(ofStage: stage, output).map {
      .init($0, isExact ? judge.criterion(ofStage: stage) : judge.criterion(of: judge.outputName(of: stage)))
    }
  }

  private func replayError(_ stage: String) -> Double {
    replay.output(of: stage).flatMap { judge.metrics(ofStage: stage, $0)?.relL2 } ?? .nan
  }

  /// For the case that no stage is wrong by itself: the first that is wrong free-running.
  private func freeRunning(_ comparisons: [GoldenReport.Comparison]) -> GoldenReport.Divergence? {
    let taps = comparisons.dropFirst()
    guard let last = taps.last else { return nil }
    guard let first = taps.firstIndex(where: { !$0.passes }) else {
      // Every block is right but not the output: the fault is after the last tap.
      return GoldenReport.Divergence(
        block: stages.last ?? last.name, method: .freeRunning, relL2: comparisons[0].metrics.relL2,
        before: last.metrics.relL2)
    }
    let before = taps[..<first].map(\.metrics.relL2).max() ?? 0
    return GoldenReport.Divergence(
      block: taps[first].name, method: .freeRunning, relL2: taps[first].metrics.relL2, before: before)
  }

  // MARK: Inside the stage at fault

  private func lookInto(_ stage: String, _ feed: FeatureMap<Float>, _ finding: inout Located) throws {
    let layers = judge.tree.layers(of: stage)
    finding.layers = try LayerComparison(engine, reference, judge, replay).run(stage, layers, feed)
    if let wrong = finding.layers.first(where: { !$0.passes && $0.name != stage }) {
      finding.divergence?.layer = wrong.name
    } else if layers.count == 1 {
      finding.divergence?.layer = layers[0]
    }
    finding.divergence?.channels = try channels(stage, feed)
  }

  /// Wrong channels of the stage's output, if they are at most an eighth of all; needs a full tap.
  private func channels(_ stage: String, _ feed: FeatureMap<Float>) throws -> [Int] {
    let output = try reference.runStage(stage, feed).output
    guard let expected = expectedMap(stage), expected.shape == output.shape, output.shape.count >= 2 else {
      return []
    }
    let channelCount = output.shape[1]
    let area = output.shape.dropFirst(2).reduce(1, *)
    var errors = [Double](repeating: 0, count: channelCount)
    var norm = 0.0
    for index in expected.values.indices {
      let error = output.values[index] - expected.values[index]
      errors[index / area % channelCount] += error * error
      norm += expected.values[index] * expected.values[index]
    }
    // A channel's share of the error bound of all channels.
    let bound = 1e-12 * norm
    let wrong = errors.indices.filter { !(errors[$0] <= bound) }
    return wrong.count * 8 <= channelCount ? wrong : []
  }

  private func expectedMap(_ stage: String) -> FeatureMap<Double>? {
    if stage == stages.last {
      return FeatureMap(shape: judge.golden.output.shape, values: judge.golden.output.reference)
    }
    guard let tap = judge.golden.tap(stage), tap.isFull else { return nil }
    return FeatureMap(shape: tap.shape, values: tap.stored.map { Double($0) })
  }
}

extension GoldenReport.BlockError.Measure {
  init(_ metrics: ErrorMetrics, _ criterion: Criterion) {
    self.init(
      relL2: metrics.relL2, floorRelL2: criterion.floorRelL2, timesFloor: criterion.timesFloor(metrics),
      passes: criterion.accepts(metrics), bound: criterion.allowedRelL2)
  }
}

extension LayerTree {
  /// Names of the layers with weights in a stage, in execution order; the projection is last.
  func layers(of stage: String) -> [String] {
    if stage == head?.name { return [stage] }
    let units = stage == stem.name ? stem.units : block(stage)?.convolutions
    return units?.map(\.name) ?? []
  }

  func block(_ name: String) -> ResidualBlock? { blocks.first { $0.name == name } }
}
