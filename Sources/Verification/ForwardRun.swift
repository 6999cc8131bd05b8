internal import SWTChecksums
internal import SWTGoldens
internal import SWTInference
internal import SWTResNet

/// The engine of one verification, made once and used for every golden.
struct ForwardRun {
  private enum Engine {
    case fast(FastEngine)
    case reference(ReferenceEngine<SWTWeights>)
    case none
  }

  private let engine: Engine
  /// The engine of reduced numbers, when that is the one to be judged.
  private let reducedRun: ReducedRun?
  private let tree: LayerTree
  private let weights: SWTWeights
  private let options: VerificationOptions
  private let stored: StoredPrecision?
  /// True when the stored values were shown to be what conversion makes of their source.
  private let isProven: Bool

  init(
    _ weights: SWTWeights, _ tree: LayerTree, _ goldens: [Golden], _ stored: StoredPrecision?, isProven: Bool,
    _ options: VerificationOptions
  ) throws {
    self.options = options
    self.stored = stored
    self.isProven = isProven
    self.tree = tree
    self.weights = weights
    guard options.level != .weights, let first = goldens.first else {
      engine = .none
      reducedRun = nil
      return
    }
    let threads = ThreadPool(count: options.threads)
    switch options.compute {
    case .float32(let instructions), .reduced(_, let instructions):
      let packed = try PackedNetwork(
        tree, weights: weights, threads: threads, instructions: instructions)
      let shape = first.input.shape
      let fast = FastEngine(
        packed, height: shape[2], width: shape[3], threads: threads, instructions: instructions)
      engine = .fast(fast)
      if case .reduced(let precision, _) = options.compute {
        reducedRun = try ReducedRun(weights, tree, precision, float32: fast, stored)
      } else {
        reducedRun = nil
      }
    case .double:
      reducedRun = nil
      engine = .reference(ReferenceEngine(tree, weights: weights, threads: threads))
    }
  }

  /// Compares weights and forward pass with one golden.
  func check(
    _ name: String, _ golden: Golden, _ digests: [String: SHA256Digest]
  ) throws -> GoldenReport {
    var report = GoldenReport(
      name: name, producer: golden.producer, kind: golden.kind,
      weights: WeightsCheck.compare(digests, golden: golden),
      isUncalibrated: golden.floors.free[golden.output.name] == nil, comparisons: [])
    report.reduced = try reducedPrecision(golden)
    switch engine {
    case .fast(let engine):
      try run(engine, golden, &report)
      if !report.passes {
        report.witness = try witness(golden, engine.threads, comparesLayers: false).first?.metrics
      } else {
        try reducedRun?.check(
          golden, k: options.k, comparesLayers: options.level != .forward, &report)
      }
    case .reference(let engine): try run(engine, golden, &report)
    case .none: break
    }
    return report
  }

  /// What values stored in fewer bits may do to this golden's output.
  private func reducedPrecision(_ golden: Golden) throws -> ReducedPrecision? {
    guard let stored, stored.isReduced else { return nil }
    if let floors = golden.floors.precision[stored.precision], !floors.isEmpty {
      return ReducedPrecision(
        stored, .golden,
        measured: floors.mapValues { .init(relL2: $0.relL2, maxOverStd: $0.maxOverStd) })
    }
    guard isProven, case .fast(let engine) = engine else { return ReducedPrecision(stored) }
    let comparisons = try witness(golden, engine.threads, comparesLayers: options.level != .forward)
    return ReducedPrecision(
      stored, .source,
      measured: Dictionary(
        comparisons.map { ($0.name, .init(relL2: $0.metrics.relL2, maxOverStd: $0.metrics.maxOverStd)) },
        uniquingKeysWith: { first, _ in first }))
  }

  /// What the double-precision engine makes of it, which shares nothing with the fast one but the layer tree; the
  /// output comes first.
  private func witness(
    _ golden: Golden, _ threads: ThreadPool, comparesLayers: Bool
  ) throws -> [GoldenReport.Comparison] {
    let reference = ReferenceEngine(tree, weights: weights, threads: threads)
    return try GoldenCheck(
      engine: reference, golden: golden, comparesLayers: comparesLayers, locates: false
    ).run().comparisons
  }

  private func run(
    _ engine: some ForwardEngine, _ golden: Golden, _ report: inout GoldenReport
  ) throws {
    let check = GoldenCheck(
      engine: engine, golden: golden, k: options.k, comparesLayers: options.level != .forward,
      reduced: report.reduced)
    (report.comparisons, report.divergence) = try check.run()
  }
}
