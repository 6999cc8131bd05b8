internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTGoldens

/// Judges an engine that computes in reduced precision.
///
/// The caller has checked that the weights are right: float32 passed with them. Then
/// - each output and tap may differ from the golden by twice the error of the emulation, which shares neither
///   kernels nor packing with the engine;
/// - each stage alone, with the emulation's input, must agree with the emulation within a quarter of the
///   stage's rounding error.
struct ReducedRun<Source: WeightSource> {
  let engine: FastEngine
  /// The same network in float32.
  let float32: FastEngine
  let emulation: ReferenceEngine<Source>
  let stored: StoredPrecision?

  init(
    _ weights: Source, _ tree: LayerTree, _ precision: ComputePrecision, float32: FastEngine,
    _ stored: StoredPrecision?, height: Int, width: Int
  ) throws {
    let packed = try PackedNetwork(
      tree, weights: weights, threads: float32.threads, instructions: float32.instructions,
      precision: precision, height: height, width: width)
    engine = FastEngine(
      packed, height: height, width: width, threads: float32.threads, instructions: float32.instructions)
    emulation = try ReferenceEngine(
      tree, weights: weights, threads: float32.threads, emulating: precision, on: float32.instructions)
    self.float32 = float32
    self.stored = stored
  }

  func check(_ golden: Golden, k: Double?, comparesLayers: Bool, _ report: inout GoldenReport) throws {
    let tree = engine.tree
    let input = FeatureMap(shape: golden.input.shape, values: golden.input.floats())
    let emulated = try emulation.run(input, taps: comparesLayers ? Set(tree.tapNames) : [])
    let expected = GoldenCheck(engine: emulation, golden: golden).compare(emulated)
    let bound = ReducedPrecision(
      computing: engine.network.precision, stored,
      measured: Dictionary(
        expected.map { ($0.name, .init(relL2: $0.metrics.relL2, maxOverStd: $0.metrics.maxOverStd)) },
        uniquingKeysWith: { first, _ in first }))
    report.float32 = report.comparisons.first?.metrics
    report.reduced = bound
    report.comparisons = try GoldenCheck(
      engine: engine, golden: golden, k: k, comparesLayers: comparesLayers, reduced: bound
    ).run().comparisons
    guard comparesLayers else { return }
    var stageInput = input
    for stage in tree.tapNames {
      guard let expected = emulated.taps[stage] else { continue }
      report.agreements.append(
        StageAgreement(
          stage: stage, engine: try engine.runStage(stage, stageInput).output.values,
          float32: try float32.runStage(stage, stageInput).output.values, emulation: expected.values))
      stageInput = expected.converted()
    }
    let agreements = report.agreements
    guard let place = agreements.firstIndex(where: { !$0.passes }) else { return }
    report.divergence = GoldenReport.Divergence(
      block: agreements[place].stage, layer: nil, method: .emulatedStage,
      relL2: agreements[place].difference, before: agreements[..<place].map(\.difference).max() ?? 0)
  }
}
