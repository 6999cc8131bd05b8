package import ResNetArchitecture
package import ResNetEngine
package import SWTThreads
internal import Synchronization

/// The conventions that agree best with BatchNorm's running statistics.
///
/// Training leaves in each BatchNorm the mean and the variance of each channel that it reads. Pictures that
/// pass the right layers have about these; behind another pooling, stride or dilation they have others. That
/// proves nothing, as pictures differ. But among thousands of conventions it finds the right ones stage by
/// stage, where the network's output tells only that something is wrong.
package struct LikelyConventions {
  /// Conventions up to the end of a stage.
  private struct Candidate {
    var choice: ConventionSpace.Choice
    /// Stem, pooling and blocks so far; others with the same are the same function.
    var layers = Layers()
    /// The output of that stage.
    var map: FeatureMap<Float>
    /// ``ChannelStatistics/disagreement(means:variances:)`` of all BatchNorms so far, and a little for what
    /// is rare.
    var disagreement = 0.0
    var rarity = 0
  }

  private struct Layers: Hashable {
    var stem: StemLayers?
    var pools: [PoolUnit] = []
    var blocks: [ResidualBlock] = []
  }

  private let space: ConventionSpace
  private let weights: WeightTable
  private let threads: ThreadPool
  private let input: FeatureMap<Float>
  /// Whether a network has the file's tensors.
  private let fits: (LayerTree) -> Bool

  /// How many are followed from stage to stage, and how many of those with a common previous stage.
  private static let (width, ofOne) = (8, 3)
  /// What a step of rarity counts: only among those that agree as well.
  private static let rarity = 0.02
  /// The first blocks of a stage, which decide what is followed.
  private static let deciding = 2
  /// How rare the conventions up to the first stage may be together.
  private static let mostRarity = 5
  /// Statistics of a picture's middle are about those of the picture.
  private static let mostSide = 96
  /// The most values of one picture that enter a stage: of larger maps, the middle does.
  private static let mostValues = 1 << 21

  /// For pictures `[N, C, H, W]`, of which few are used.
  package init(
    _ space: ConventionSpace, _ weights: WeightTable, _ pictures: FeatureMap<Float>, threads: ThreadPool,
    fits: @escaping (LayerTree) -> Bool
  ) {
    (self.space, self.weights, self.threads, self.fits) = (space, weights, threads, fits)
    let middle = pictures.middle(side: Self.mostSide)
    input = middle.first(max(2, 4 * 64 * 64 / (middle.shape[2] * middle.shape[3])))
  }

  /// The best choices, the best one first.
  ///
  /// - Throws: ``InferenceError``.
  package func ranked() throws -> [ConventionSpace.Choice] {
    let last = space.architecture(space.start).layers.count - 1
    var beam = try starts()
    for stage in 0..<last {
      let groups = stage > 0 ? beam.map { extensions(of: $0, by: stage) } : beam.map { [$0] }
      beam = try best(groups, stage).map { candidate in
        var candidate = candidate
        try run(blocks(candidate, stage).dropFirst(Self.deciding).map(\.name), &candidate)
        return candidate
      }
    }
    // The last stage costs more than the others together, and the network's output tells it as well.
    let choices = beam.enumerated().flatMap { rank, candidate in
      extensions(of: candidate, by: last).enumerated().map { (order: rank + $0, choice: $1.choice) }
    }
    return choices.sorted { $0.order < $1.order }.map(\.choice)
  }

  /// The best candidates with the first blocks of a stage, few of each group, whose maps are the same.
  private func best(_ groups: [[Candidate]], _ stage: Int) throws -> [Candidate] {
    var known: Set<Layers> = []
    var best: [Candidate] = []
    func insert(_ candidate: Candidate, into sorted: inout [Candidate], most: Int) {
      sorted.insert(
        candidate, at: sorted.firstIndex { $0.disagreement > candidate.disagreement } ?? sorted.count)
      sorted.removeLast(max(0, sorted.count - most))
    }
    for group in groups {
      var own: [Candidate] = []
      let observation = Observation(weights, sharing: group.first.map { blocks($0, stage) } ?? [])
      for var candidate in group {
        let blocks = blocks(candidate, stage)
        candidate.layers.blocks += blocks
        guard known.insert(candidate.layers).inserted else { continue }
        if stage == 0, let pool = tree(candidate.choice).maxPool {
          try run([pool.name], &candidate)
        }
        candidate.disagreement += Self.rarity * Double(space.rarity(candidate.choice) - candidate.rarity)
        candidate.rarity = space.rarity(candidate.choice)
        candidate.map = candidate.map.middle(side: Self.side(channels: candidate.map.shape[1]))
        try run(blocks.prefix(Self.deciding).map(\.name), &candidate, observation)
        insert(candidate, into: &own, most: Self.ofOne)
      }
      for candidate in own { insert(candidate, into: &best, most: Self.width) }
    }
    return best
  }

  private func blocks(_ candidate: Candidate, _ stage: Int) -> [ResidualBlock] {
    tree(candidate.choice).blocks.filter { $0.stage == stage }
  }

  /// Each stem with each pooling and each stride of the first stage, computed up to the stem.
  private func starts() throws -> [Candidate] {
    let choices = space.variants(
      of: space.start, in: [.stem, .pool, .stage(0)], mostRarity: Self.mostRarity)
    let input = try likelyInput()
    var stems: [StemLayers: Candidate] = [:]
    return try choices.compactMap { choice in
      let tree = tree(choice)
      guard tree.architecture.isConsistent, fits(tree), tree.accepts(imageSize: input.shape[2]),
        tree.accepts(imageSize: input.shape[3])
      else { return nil }
      var candidate = stems[tree.stem] ?? Candidate(choice: choice, map: input)
      candidate.choice = choice
      if candidate.layers.stem == nil {
        candidate.layers.stem = tree.stem
        try run([tree.stem.name], &candidate)
        stems[tree.stem] = candidate
      }
      candidate.layers.pools = [tree.maxPool, tree.poolBlur].compactMap(\.self)
      return candidate
    }
  }

  /// The pictures, or with mean 0 and variance 1 if the stem's BatchNorm agrees better with these: random
  /// numbers from 0 to 1 are common inputs of tests, but not of trainings.
  private func likelyInput() throws -> FeatureMap<Float> {
    let tree = tree(space.start)
    guard tree.accepts(imageSize: input.shape[2]), tree.accepts(imageSize: input.shape[3]) else {
      return input
    }
    let candidates = try [input, input.standardized].map { input in
      var candidate = Candidate(choice: space.start, map: input)
      try run([tree.stem.name], &candidate)
      return (input, candidate.disagreement)
    }
    return candidates[1].1 < candidates[0].1 ? candidates[1].0 : input
  }

  /// The candidate with each stride and dilation of one more stage, which is not computed yet.
  private func extensions(of candidate: Candidate, by stage: Int) -> [Candidate] {
    let choices = space.variants(
      of: candidate.choice, in: [.strideOn, .stage(stage)], mostRarity: .max)
    return choices.compactMap { choice in
      let tree = tree(choice)
      // Another place of strides may change stages that are computed.
      guard tree.architecture.isConsistent, fits(tree),
        tree.blocks.filter({ $0.stage < stage }) == candidate.layers.blocks
      else { return nil }
      var extended = candidate
      extended.choice = choice
      return extended
    }
  }

  private func tree(_ choice: ConventionSpace.Choice) -> LayerTree { LayerTree(space.architecture(choice)) }

  /// Runs layers and adds what their BatchNorms disagree by.
  private func run(
    _ layers: [String], _ candidate: inout Candidate, _ observation: Observation? = nil
  ) throws {
    let observation = observation ?? Observation(weights)
    let engine = observation.engine(tree(candidate.choice), threads)
    for layer in layers { candidate.map = try engine.runStage(layer, candidate.map).output.converted() }
    candidate.disagreement += observation.takeDisagreement()
  }

  /// The largest height and width of a map with these channels that enters a stage.
  private static func side(channels: Int) -> Int {
    var side = 8
    while channels * (side + 1) * (side + 1) <= mostValues { side += 1 }
    return side
  }
}

/// What the BatchNorms of candidates disagree by that may share the first convolutions of a stage.
private struct Observation {
  private final class Sum: Sendable {
    let value = Mutex(0.0)
  }

  private let weights: WeightTable
  private let observer: BatchObserver
  private let sum = Sum()

  /// - Parameters:
  ///   - weights: The running statistics, among others.
  ///   - stage: The blocks of a stage whose input is the same for all.
  init(_ weights: WeightTable, sharing stage: [ResidualBlock] = []) {
    self.weights = weights
    let first = stage.first
    var shared = (first?.body.prefix(1) ?? []).map(\.name)
    if case .projection(let unit, pool: nil) = first?.shortcut { shared.append(unit.name) }
    observer = BatchObserver(sharing: Set(shared)) { [sum] unit, statistics in
      guard let means = weights.tensors["\(unit.normName).running_mean"],
        let variances = weights.tensors["\(unit.normName).running_var"]
      else { return }
      let part = statistics.disagreement(means: means.map(Double.init), variances: variances.map(Double.init))
      sum.value.withLock { $0 += part }
    }
  }

  func engine(_ tree: LayerTree, _ threads: ThreadPool) -> ReferenceEngine<WeightTable> {
    ReferenceEngine(tree, weights: weights, threads: threads, observer: observer)
  }

  /// What was added since it was last taken.
  func takeDisagreement() -> Double {
    sum.value.withLock { value in
      defer { value = 0 }
      return value
    }
  }
}
