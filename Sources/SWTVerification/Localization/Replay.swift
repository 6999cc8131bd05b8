internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTGoldens

/// A float64 pass over a golden's input, with the output of every stage.
///
/// As long as its stages agree with the golden it *is* the reference, complete and unrounded, even if the
/// golden has only samples.
struct Replay {
  let input: FeatureMap<Float>
  let result: ForwardResult<Double>
  let comparisons: [GoldenReport.Comparison]
  private let judge: GoldenJudge
  /// Whether a correct replay differs only by the rounding of the golden's taps to float32.
  let isExact: Bool

  init<Source>(_ engine: ReferenceEngine<Source>, _ judge: GoldenJudge, isFolded: Bool) throws {
    let golden = judge.golden
    self.judge = judge
    input = FeatureMap(shape: golden.input.shape, values: golden.input.floats())
    let convolutions = golden.taps.map(\.name)
    result = try engine.run(input, taps: Set(engine.tree.tapNames + convolutions))
    comparisons = judge.compare(result)
    isExact = !golden.output.isFloat32Only && judge.reduced == nil && !isFolded
  }

  /// The stages in execution order.
  private var stages: [String] { judge.tree.tapNames }

  /// The output of the previous stage: the input of `stage`.
  func feed(of stage: String) -> FeatureMap<Float>? {
    guard let place = stages.firstIndex(of: stage) else { return nil }
    return place == 0 ? input : output(of: stages[place - 1])?.converted()
  }

  func output(of stage: String) -> FeatureMap<Double>? { result.taps[stage] }

  /// Taps are rounded to float32: half a unit in the last place is at most 6e-8.
  private static let exactError = 1e-6
  /// Mean, standard deviation and norm of whole taps are not rounded; this is far above the effect of
  /// summation order.
  private static let statisticsError = 1e-9

  /// Whether a stage agrees with the golden; nil if the golden has no output of it.
  func agrees(_ stage: String) -> Bool? {
    guard let output = output(of: stage), let metrics = judge.metrics(ofStage: stage, output) else {
      return nil
    }
    guard isExact else { return judge.criterion(of: judge.outputName(of: stage)).accepts(metrics) }
    guard metrics.firstNonFinite == nil, metrics.relL2 <= Self.exactError else { return false }
    return judge.golden.tap(stage)?.statistics.map { agrees(output.values, $0) } ?? true
  }

  /// Four statistics of all elements detect faults where there is no sample.
  private func agrees(_ values: [Double], _ expected: GoldenTap.Statistics) -> Bool {
    let count = Double(max(1, values.count))
    let mean = values.reduce(0, +) / count
    let squares = values.reduce(0) { $0 + $1 * $1 }
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    let largest = values.reduce(0) { max($0, $1.magnitude) }
    let bound = Self.statisticsError * max(expected.absmax, .leastNormalMagnitude)
    let pairs = [
      (mean, expected.mean), (variance.squareRoot(), expected.std), (largest, expected.absmax),
      (squares.squareRoot() / count.squareRoot(), expected.l2 / count.squareRoot()),
    ]
    return pairs.allSatisfy { abs($0 - $1) <= bound }
  }
}
