internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTGoldens
internal import SWTThreads

/// Runs of one golden's input with something changed.
///
/// Changes of weights and of the input go through the fast engine, one layer packed anew; other functions through the
/// double-precision engine, which alone computes them.
struct Trial<Source: WeightSource> {
  let judge: GoldenJudge
  let weights: Source
  let network: ChangingNetwork
  let input: FeatureMap<Float>
  /// The stages that may be wrong, one after another.
  let suspects: [String]
  /// These, and those up to the next one whose output the golden knows.
  let segment: [String]
  /// What goes into the first of them.
  let feed: FeatureMap<Float>
  /// False when the feed carries the rounding of all stages before.
  private let feedIsExact: Bool
  /// What the fast engine puts out in each of them, unchanged.
  private let prefix: [String: FeatureMap<Float>]

  private var tree: LayerTree { judge.tree }
  var threads: ThreadPool { network.engine.threads }

  init(
    _ judge: GoldenJudge, _ weights: Source, _ network: ChangingNetwork, input: FeatureMap<Float>,
    suspects: [String], segment: [String], feed: FeatureMap<Float>, feedIsExact: Bool = true
  ) throws {
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

  /// The error of what the last stage of the segment puts out; nil when its shape is another.
  func error(_ change: WhatIf) throws -> ErrorMetrics? {
    try judge.metrics(ofStage: segment[segment.count - 1], output(change))
  }

  /// What the last stage of the segment puts out.
  func output(_ change: WhatIf) throws -> FeatureMap<Double> {
    let isStart = segment[0] == tree.stem.name
    let feed = isStart ? change.input?(feed) ?? feed : feed
    var map = change.deviates ? try slow(change, feed) : try fast(change, feed).converted()
    if let output = change.output, segment.last == tree.tapNames.last { map.values = output(map.values) }
    return map
  }

  /// The criterion for it.
  var criterion: Criterion {
    let last = segment[segment.count - 1]
    return segment.count == 1
      ? judge.criterion(ofStage: last) : judge.criterion(of: judge.outputName(of: last))
  }

  private func fast(_ change: WhatIf, _ feed: FeatureMap<Float>) throws -> FeatureMap<Float> {
    let last = segment[segment.count - 1]
    let changed = change.layers(in: tree)
    let layers = segment.flatMap { tree.layers(of: $0) }.filter { changed.contains($0) }
    // What comes before the first changed layer is known.
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
    let engine = ReferenceEngine(
      tree, weights: change.source(over: weights), threads: threads, deviation: change.deviation)
    var map = try engine.runStage(segment[0], feed).output
    for stage in segment.dropFirst() { map = try engine.runStage(stage, map.converted()).output }
    return map
  }

  /// Packs the changed layers, and afterwards the unchanged ones again.
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

  /// Every output and tap of the golden with a change; nil when the output has another shape.
  func comparisons(_ change: WhatIf) throws -> [GoldenReport.Comparison]? {
    let input = change.input?(self.input) ?? self.input
    let taps = Set(judge.golden.taps.map(\.name).filter { tree.tapNames.contains($0) })
    if change.deviates {
      let engine = ReferenceEngine(
        tree, weights: change.source(over: weights), threads: threads, deviation: change.deviation)
      return compare(try engine.run(input, taps: taps), change)
    }
    let layers = change.layers(in: tree)
    let ordered = tree.tapNames.flatMap { tree.layers(of: $0) }.filter { layers.contains($0) }
    return try with(ordered, change) { compare(try network.engine.run(input, taps: taps), change) }
  }

  private func compare<Scalar>(
    _ result: ForwardResult<Scalar>, _ change: WhatIf
  ) -> [GoldenReport.Comparison]? {
    // Where a tap has another size, the change cannot be what the golden was made with.
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
