internal import ResNetArchitecture
package import ResNetEngine
package import SWTGoldens

/// Runs a golden's input through an engine and compares every output and tap with the reference.
package struct GoldenCheck<Engine: ForwardEngine> {
  let engine: Engine
  let judge: GoldenJudge
  private let comparesLayers: Bool

  /// - Parameters:
  ///   - engine: Computes the network.
  ///   - golden: The input and the expected results.
  ///   - k: Overrides the golden's multiple of the floor.
  ///   - comparesLayers: Whether to compare taps too.
  ///   - reduced: The wider bound for reduced precision.
  package init(
    engine: Engine, golden: Golden, k: Double? = nil, comparesLayers: Bool = true,
    reduced: ReducedPrecision? = nil
  ) {
    self.init(
      engine, GoldenJudge(golden, engine.tree, k: k, reduced: reduced), comparesLayers: comparesLayers)
  }

  init(_ engine: Engine, _ judge: GoldenJudge, comparesLayers: Bool = true) {
    self.engine = engine
    self.judge = judge
    self.comparesLayers = comparesLayers
  }

  /// Runs the golden's input.
  ///
  /// - Returns: The comparisons, of the output first, then of every tap; and the network's output.
  /// - Throws: Errors of the engine.
  package func run() throws -> (
    comparisons: [GoldenReport.Comparison], result: ForwardResult<Engine.Scalar>
  ) {
    let golden = judge.golden
    let input = FeatureMap(shape: golden.input.shape, values: golden.input.floats())
    // The last convolution of a block is fused with the residual sum; its tap is used for localization only.
    let fused = Set(engine.tree.blocks.compactMap(\.body.last?.name))
    let taps = comparesLayers ? golden.taps.map(\.name).filter { !fused.contains($0) } : []
    let result = try engine.run(input, taps: Set(taps))
    var comparisons = compare(result)
    comparisons[0].values = ComparedValues(
      result: result.output.values.map { Double($0) }, reference: golden.output.reference,
      scale: comparisons[0].metrics.scale, classes: golden.architecture.classCount)
    return (comparisons, result)
  }

  /// Compares a result that was already computed: the output first, then every tap that both have.
  package func compare(_ result: ForwardResult<Engine.Scalar>) -> [GoldenReport.Comparison] {
    judge.compare(result)
  }
}
