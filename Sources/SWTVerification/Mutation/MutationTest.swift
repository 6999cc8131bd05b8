internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTGoldens
internal import SWTTensors
internal import SWTThreads

/// Flips the sign of single weights and checks whether the goldens would notice.
///
/// Activations before the changed layer are computed once, only the changed layer is repacked, and a run ends
/// at the first tap that shows the change.
struct MutationTest<Source: WeightSource> {
  /// A golden, and an engine for images of its size.
  private struct Target {
    let name: String
    let judge: GoldenJudge
    let engine: FastEngine
    /// The input of each stage without mutations.
    let feeds: [String: FeatureMap<Float>]
  }

  private let tree: LayerTree
  private let weights: Source
  private let network: ChangingNetwork
  private let targets: [Target]
  private let comparesLayers: Bool

  /// Prepares for goldens that the unchanged model passes; taps count only if `comparesLayers`.
  init(
    _ tree: LayerTree, _ weights: Source, _ goldens: [(name: String, judge: GoldenJudge)],
    threads: ThreadPool, instructions: InstructionSet, comparesLayers: Bool
  ) throws {
    let network = try ChangingNetwork(tree, weights: weights, threads: threads, instructions: instructions)
    self.tree = tree
    self.weights = weights
    self.network = network
    self.comparesLayers = comparesLayers
    targets = try goldens.map { name, judge in
      let input = FeatureMap(shape: judge.golden.input.shape, values: judge.golden.input.floats())
      let engine = network.makeEngine(height: input.shape[2], width: input.shape[3])
      let stages = tree.tapNames
      let taps = try engine.run(input, taps: Set(stages)).taps
      var feeds = [stages[0]: input]
      for (stage, next) in zip(stages, stages.dropFirst()) { feeds[next] = taps[stage] }
      return Target(name: name, judge: judge, engine: engine, feeds: feeds)
    }
  }

  /// Tries `count` mutations, distributed evenly over the weight tensors.
  func run(_ count: Int, seed: UInt64) throws -> MutationScore {
    let layers = tree.tapNames.flatMap { tree.layers(of: $0) }
    var caughtBy = [Int](repeating: 0, count: targets.count)
    var scores: [MutationScore.Layer] = []
    for (number, layer) in layers.enumerated() {
      let share = count / layers.count + (number < count % layers.count ? 1 : 0)
      var caught = 0
      for trial in 0..<share {
        let change = try mutation(layer, seed: seed &+ UInt64(number) << 32 &+ UInt64(trial) << 8)
        try network.repack(layer, from: AlteredWeights(weights, ["\(layer).weight": change]))
        var isCaught = false
        for (index, target) in targets.enumerated() where try notices(target, layer) {
          caughtBy[index] += 1
          isCaught = true
        }
        caught += isCaught ? 1 : 0
      }
      if share > 0 { try network.repack(layer, from: weights) }
      scores.append(.init(name: layer, tried: share, caught: caught))
    }
    return MutationScore(
      seed: seed, layers: scores,
      goldens: zip(targets, caughtBy).map { .init(name: $0.name, caught: $1) })
  }

  /// Flips the sign of one nonzero weight.
  private func mutation(_ layer: String, seed: UInt64) throws -> WeightChange {
    let place = try weights.withFloats("\(layer).weight") { values in
      var place = 0
      // A zero has no sign to flip; in a tensor of zeros an arbitrary one is used.
      for attempt in 0..<UInt64(256) {
        place = Int(SplitMix64.at(seed &+ attempt) % UInt64(values.count))
        if values[place] != 0 { break }
      }
      return place
    }
    return WeightChange { values in
      var changed = values
      changed[place] = -changed[place]
      return changed
    }
  }

  /// Runs the rest of the network stage by stage, until a tap or the output exceeds its bound.
  private func notices(_ target: Target, _ layer: String) throws -> Bool {
    let stages = tree.tapNames
    let stage = try tree.stage(ofTap: layer)
    guard let first = stages.firstIndex(of: stage), var map = target.feeds[stage] else { return false }
    guard comparesLayers else {
      let output = try target.engine.run(from: stage, map).output
      return !target.judge.accepts(stages[stages.count - 1], output)
    }
    for stage in stages[first...] {
      map = try target.engine.runStage(stage, map).output
      if !target.judge.accepts(stage, map) { return true }
    }
    return false
  }
}

extension GoldenJudge {
  /// Whether the output of a stage is within its bound; true if the golden does not have it.
  func accepts(_ stage: String, _ map: FeatureMap<Float>) -> Bool {
    guard let metrics = metrics(ofStage: stage, map) else { return true }
    let name = outputName(of: stage)
    guard criterion(of: name).accepts(metrics) else { return false }
    return stage != tree.tapNames.last || labelsPass(map, metrics)
  }

  private func labelsPass(_ map: FeatureMap<Float>, _ metrics: ErrorMetrics) -> Bool {
    labels(map.values.map { Double($0) }, metrics)?.passes ?? true
  }
}
