package import ResNetArchitecture
package import ResNetEngine
package import SWTGoldens
internal import SWTThreads

/// The engines of a verification, created once and used for every golden.
package struct ForwardRun<Source: WeightSource> {
  private enum Engine {
    case fast(FastEngine)
    case reference(ReferenceEngine<Source>)
    case none
  }

  private let engine: Engine
  /// The reduced-precision engine, if that is the one under test.
  private let reducedRun: ReducedRun<Source>?
  private let tree: LayerTree
  private let weights: Source
  private let options: VerificationOptions
  private let threads: ThreadPool
  private let investigation: Investigation<Source>
  private let stored: StoredPrecision?
  /// Whether the stored values were proven to be what conversion makes from the source.
  private let isProven: Bool

  /// Creates the engine, planned for the size of the first golden.
  ///
  /// `stored` describes what was done to the file's values; `isProven` tells whether they were proven to be
  /// what conversion makes from the source.
  package init(
    _ weights: Source, _ tree: LayerTree, _ goldens: [Golden], _ options: VerificationOptions,
    stored: StoredPrecision? = nil, isProven: Bool = false, budget: SearchBudget = SearchBudget()
  ) throws {
    self.options = options
    self.stored = stored
    self.isProven = isProven
    self.tree = tree
    self.weights = weights
    threads = ThreadPool(count: options.threads)
    investigation = Investigation(
      tree, weights, threads, options.instructions, diagnoses: options.diagnoses && options.level == .all,
      budget: budget)
    guard options.level != .weights, let first = goldens.first else {
      engine = .none
      reducedRun = nil
      return
    }
    switch options.compute {
    case .float32(let instructions), .reduced(_, let instructions):
      let shape = first.input.shape
      let packed = try PackedNetwork(
        tree, weights: weights, threads: threads, instructions: instructions, height: shape[2],
        width: shape[3])
      let fast = FastEngine(
        packed, height: shape[2], width: shape[3], threads: threads, instructions: instructions)
      engine = .fast(fast)
      if case .reduced(let precision, _) = options.compute {
        reducedRun = try ReducedRun(
          weights, tree, precision, float32: fast, stored, height: shape[2], width: shape[3])
      } else {
        reducedRun = nil
      }
    case .double:
      reducedRun = nil
      engine = .reference(ReferenceEngine(tree, weights: weights, threads: threads))
    }
  }

  /// Compares the weights (by `digests` of the network's tensors) and the forward pass with one golden.
  package func check(
    _ name: String, _ golden: Golden, _ digests: WeightDigests
  ) throws -> GoldenReport {
    var report = GoldenReport(
      name: name, producer: golden.producer, kind: golden.kind,
      weights: WeightsCheck.compare(digests, golden: golden),
      isUncalibrated: golden.floors.free[golden.output.name] == nil, comparisons: [])
    report.reduced = try reducedPrecision(golden)
    if options.level != .weights, ConventionContradiction<Source>.exists(golden, tree) {
      try ConventionContradiction(
        golden: golden, tree: tree, weights: weights, threads: threads, instructions: options.instructions,
        k: options.k
      ).run(comparesLayers: comparesLayers, &report)
      return report
    }
    switch engine {
    case .fast(let engine):
      try run(engine, golden, &report)
      if report.passes {
        try reducedRun?.check(golden, k: options.k, comparesLayers: comparesLayers, &report)
      } else if !comparesLayers, isSmall(golden) {
        report.witness = try witness(golden, engine.threads, comparesLayers: false).first?.metrics
      }
    case .reference(let engine): try run(engine, golden, &report)
    case .none: break
    }
    return report
  }

  /// Measures how much damage the passing goldens would notice; nil if none passes, or if not requested.
  package func mutationScore(_ goldens: [(name: String, golden: Golden)], _ reports: [GoldenReport]) throws
    -> MutationScore?
  {
    guard options.mutations > 0, options.level != .weights else { return nil }
    let judges = zip(goldens, reports).filter { $1.passes }.map { entry, report in
      (entry.name, GoldenJudge(entry.golden, tree, k: options.k, reduced: report.reduced))
    }
    guard !judges.isEmpty else { return nil }
    let test = try MutationTest(
      tree, weights, judges, threads: threads, instructions: options.instructions,
      comparesLayers: comparesLayers)
    return try test.run(options.mutations, seed: options.mutationSeed)
  }

  /// The bound for stored values of reduced precision; nil if they are not.
  private func reducedPrecision(_ golden: Golden) throws -> ReducedPrecision? {
    guard let stored, stored.isReduced else { return nil }
    if let floors = golden.floors.precision[stored.precision], !floors.isEmpty {
      return ReducedPrecision(
        stored, .golden,
        measured: floors.mapValues { .init(relL2: $0.relL2, maxOverStd: $0.maxOverStd) })
    }
    guard isProven, isSmall(golden), case .fast(let engine) = engine else { return ReducedPrecision(stored) }
    let comparisons = try witness(golden, engine.threads, comparesLayers: comparesLayers)
    return ReducedPrecision(
      stored, .source,
      measured: Dictionary(
        comparisons.map { ($0.name, .init(relL2: $0.metrics.relL2, maxOverStd: $0.metrics.maxOverStd)) },
        uniquingKeysWith: { first, _ in first }))
  }

  /// The comparisons of the float64 engine, which shares only the layer tree with the fast one; the output
  /// first.
  private func witness(
    _ golden: Golden, _ threads: ThreadPool, comparesLayers: Bool
  ) throws -> [GoldenReport.Comparison] {
    let reference = ReferenceEngine(tree, weights: weights, threads: threads)
    return try GoldenCheck(engine: reference, golden: golden, comparesLayers: comparesLayers).run()
      .comparisons
  }

  private var comparesLayers: Bool { options.level != .forward }

  private func run(
    _ engine: some ForwardEngine, _ golden: Golden, _ report: inout GoldenReport
  ) throws {
    let judge = GoldenJudge(golden, tree, k: options.k, reduced: report.reduced)
    report.comparisons = try GoldenCheck(engine, judge, comparesLayers: comparesLayers).run().comparisons
    guard !report.passes, comparesLayers else { return }
    guard isSmall(golden) else {
      report.isTooLargeToInvestigate = true
      return
    }
    try investigation.run(engine, judge, &report)
  }

  /// Whether a golden is small enough for the double-precision engine and the search for a cause, which cost many
  /// times as much as the forward pass.
  private func isSmall(_ golden: Golden) -> Bool {
    let cost = ForwardCost(tree, shape: golden.input.shape)
    return cost.activations <= 1 << 26 && cost.multiplyAdds <= 1 << 37
  }
}
