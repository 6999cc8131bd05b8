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
  private let tree: LayerTree
  private let weights: SWTWeights
  private let options: VerificationOptions

  init(
    _ weights: SWTWeights, _ tree: LayerTree, _ goldens: [Golden], _ options: VerificationOptions
  ) throws {
    self.options = options
    self.tree = tree
    self.weights = weights
    guard options.level != .weights, let first = goldens.first else {
      engine = .none
      return
    }
    let threads = ThreadPool(count: options.threads)
    switch options.compute {
    case .float32(let instructions):
      let packed = try PackedNetwork(
        tree, weights: weights, threads: threads, instructions: instructions)
      let shape = first.input.shape
      engine = .fast(
        FastEngine(
          packed, height: shape[2], width: shape[3], threads: threads, instructions: instructions))
    case .double:
      engine = .reference(ReferenceEngine(tree, weights: weights, threads: threads))
    }
  }

  /// Compares weights and forward pass with one golden.
  func check(
    _ name: String, _ golden: Golden, _ digests: [String: SHA256Digest]
  ) throws -> GoldenReport {
    var report = GoldenReport(
      name: name, producer: golden.producer, isSelfMade: golden.kind == "self",
      weights: WeightsCheck.compare(digests, golden: golden), comparisons: [])
    switch engine {
    case .fast(let engine):
      try run(engine, golden, &report)
      if !report.passes { report.witness = try witness(golden, engine.threads) }
    case .reference(let engine): try run(engine, golden, &report)
    case .none: break
    }
    return report
  }

  /// The output of the double-precision engine, which shares nothing with the fast one but the layer tree.
  private func witness(_ golden: Golden, _ threads: ThreadPool) throws -> ErrorMetrics? {
    let reference = ReferenceEngine(tree, weights: weights, threads: threads)
    return try GoldenCheck(engine: reference, golden: golden, comparesLayers: false).run()
      .comparisons.first?.metrics
  }

  private func run(
    _ engine: some ForwardEngine, _ golden: Golden, _ report: inout GoldenReport
  ) throws {
    let check = GoldenCheck(
      engine: engine, golden: golden, k: options.k, comparesLayers: options.level != .forward)
    (report.comparisons, report.divergence) = try check.run()
  }
}
