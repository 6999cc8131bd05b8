internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTGoldens
internal import SWTThreads

/// Runs a golden's input with changes.
///
/// Changes of weights and of the input run on the fast engine with only the changed layers repacked; other
/// functions run on the float64 engine, which alone supports them.
struct Trial<Source: WeightSource> {
  let judge: GoldenJudge
  let weights: Source
  let network: ChangingNetwork
  let input: FeatureMap<Float>
  /// The stages that may be at fault, in sequence.
  let suspects: [String]
  /// The suspects, and the stages after them up to one whose output the golden has.
  let segment: [String]
  /// The input of the first stage of the segment.
  let feed: FeatureMap<Float>
  /// Whether the feed is free of the rounding errors of earlier stages.
  private let feedIsExact: Bool
  /// Ends float64 runs that take longer.
  private let budget: SearchBudget
  /// Outputs of the segment's stages in the fast engine, without changes.
  private let prefix: [String: FeatureMap<Float>]

  private var tree: LayerTree { judge.tree }
  var threads: ThreadPool { network.engine.threads }

  init(
    _ judge: GoldenJudge, _ weights: Source, _ network: ChangingNetwork, input: FeatureMap<Float>,
    suspects: [String], segment: [String], feed: FeatureMap<Float>, feedIsExact: Bool = true,
    budget: SearchBudget = SearchBudget()
  ) throws {
    self.budget = budget
    self.suspects = suspects
    self.feedIsExact = feedIsExact
    self.judge = judge
    self.weights = weights
    self.network = network
    self.input = input
    self.segment = segment
    self.feed = feed
    prefix =
      segment.count > 1
      ? try network.engine.run(from: segment[0], feed, taps: Set(segment)).taps : [:]
  }

  // MARK: The segment alone

  /// The error of the segment's output; nil if its shape differs.
  func error(_ change: WhatIf) throws -> ErrorMetrics? {
    try judge.metrics(ofStage: segment[segment.count - 1], output(change))
  }

  /// The output of the last stage of the segment.
  func output(_ change: WhatIf) throws -> FeatureMap<Double> {
    let isStart = segment[0] == tree.stem.name
    let feed = isStart ? change.input?(feed) ?? feed : feed
    var map = change.deviates ? try slow(change, feed) : try fast(change, feed).converted()
    if let output = change.output, segment.last == tree.tapNames.last { map.values = output(map.values) }
    return map
  }

  /// The criterion for the segment's output.
  var criterion: Criterion {
    let last = segment[segment.count - 1]
    return segment.count == 1 && feedIsExact
      ? judge.criterion(ofStage: last) : judge.criterion(of: judge.outputName(of: last))
  }

  private func fast(_ change: WhatIf, _ feed: FeatureMap<Float>) throws -> FeatureMap<Float> {
    let last = segment[segment.count - 1]
    let changed = change.layers(in: tree)
    let layers = segment.flatMap { tree.layers(of: $0) }.filter { changed.contains($0) }
    // Everything before the first changed layer is known.
    var (first, start) = (segment[0], feed)
    if change.input == nil, let layer = layers.first {
      first = try tree.stage(ofTap: layer)
      if let place = segment.firstIndex(of: first), place > 0, let map = prefix[segment[place - 1]] {
        start = map
      }
    }
    return try with(layers, change) {
      if first == last { return try network.engine.runStage(first, start).output }
      let result = try network.engine.run(from: first, start, taps: last == tree.tapNames.last ? [] : [last])
      return result.taps[last] ?? result.output
    }
  }

  private func slow(_ change: WhatIf, _ feed: FeatureMap<Float>) throws -> FeatureMap<Double> {
    try mixed(change, segment, feed).output
  }

  /// Runs stages in the float64 engine if the change concerns them, and the others in the fast one.
  private func mixed(
    _ change: WhatIf, _ stages: [String], _ feed: FeatureMap<Float>, taps: Set<String> = []
  ) throws -> ForwardResult<Double> {
    let engine = ReferenceEngine(
      tree, weights: change.source(over: weights), threads: threads, deviation: change.deviation,
      isInterrupted: budget.interruption)
    var map = feed
    var result = ForwardResult<Double>(output: feed.converted())
    for stage in stages {
      if !change.weights.isEmpty || change.deviation.concerns(stage, of: tree) {
        result.output = try engine.runStage(stage, map).output
        map = result.output.converted()
      } else {
        map = try network.engine.runStage(stage, map).output
        result.output = map.converted()
      }
      if taps.contains(stage) { result.taps[stage] = result.output }
    }
    return result
  }

  /// Packs the changed layers, and afterward the unchanged ones again.
  private func with<Value>(
    _ layers: [String], _ change: WhatIf, _ body: () throws -> Value
  ) throws -> Value {
    let source = change.source(over: weights)
    let result = Result {
      for layer in layers { try network.repack(layer, from: source) }
      return try body()
    }
    for layer in layers { try network.repack(layer, from: weights) }
    return try result.get()
  }

  // MARK: The whole network

  /// Compares every output and tap of the golden with a change; nil if a shape differs.
  func comparisons(_ change: WhatIf) throws -> [GoldenReport.Comparison]? {
    let input = change.input?(self.input) ?? self.input
    let taps = Set(judge.golden.taps.map(\.name).filter { tree.tapNames.contains($0) })
    if change.deviates {
      return compare(try mixed(change, tree.tapNames, input, taps: taps), change)
    }
    let layers = change.layers(in: tree)
    let ordered = tree.tapNames.flatMap { tree.layers(of: $0) }.filter { layers.contains($0) }
    return try with(ordered, change) { compare(try network.engine.run(input, taps: taps), change) }
  }

  private func compare<Scalar>(
    _ result: ForwardResult<Scalar>, _ change: WhatIf
  ) -> [GoldenReport.Comparison]? {
    // If the size of a tap differs, the golden cannot have been made with this change.
    let sizes = judge.golden.taps.allSatisfy { tap in
      result.taps[tap.name].map { $0.shape == tap.shape } ?? true
    }
    guard sizes, result.output.shape == judge.golden.output.shape else { return nil }
    guard let output = change.output else { return judge.compare(result) }
    var changed = ForwardResult<Double>(
      output: result.output.converted(), taps: result.taps.mapValues { $0.converted() })
    changed.output.values = output(changed.output.values)
    return judge.compare(changed)
  }
}
