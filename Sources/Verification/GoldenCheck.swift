package import SWTGoldens
package import SWTInference
internal import SWTResNet

/// Runs a golden's input through an engine and compares every output and tap with the reference.
package struct GoldenCheck<Engine: ForwardEngine> {
  private let engine: Engine
  private let golden: Golden
  private let k: Double?
  private let comparesLayers: Bool
  private let locates: Bool
  private let reduced: ReducedPrecision?

  /// - Parameters:
  ///   - engine: What computes the network.
  ///   - golden: The input and what is expected of it.
  ///   - k: Replaces the golden's own multiple of the floor.
  ///   - comparesLayers: Whether to compare every block too.
  ///   - locates: Whether to find where a wrong result starts; of a witness only the numbers are asked.
  ///   - reduced: The wider bound for values stored in fewer bits.
  package init(
    engine: Engine, golden: Golden, k: Double? = nil, comparesLayers: Bool = true, locates: Bool = true,
    reduced: ReducedPrecision? = nil
  ) {
    self.locates = locates
    self.engine = engine
    self.golden = golden
    self.k = k
    self.comparesLayers = comparesLayers
    self.reduced = reduced
  }

  /// Runs the golden's input.
  ///
  /// - Returns: the output first, then every tap; and where a wrong result starts.
  /// - Throws: what the engine throws.
  package func run() throws -> (comparisons: [GoldenReport.Comparison], divergence: GoldenReport.Divergence?)
  {
    let input = FeatureMap(shape: golden.input.shape, values: golden.input.floats())
    let tapNames = comparesLayers ? Set(golden.taps.map(\.name)) : []
    let comparisons = compare(try engine.run(input, taps: tapNames))
    let divergence = locates && comparisons.contains { !$0.passes } ? try locate(comparisons, input) : nil
    return (comparisons, divergence)
  }

  /// Compares what was computed already: the output first, then every tap that both have.
  package func compare(_ result: ForwardResult<Engine.Scalar>) -> [GoldenReport.Comparison] {
    var comparisons = [outputComparison(result.output)]
    for tap in golden.taps {
      guard let map = result.taps[tap.name] else { continue }
      comparisons.append(comparison(tap, map.values))
    }
    return comparisons
  }

  private func outputComparison(_ map: FeatureMap<Engine.Scalar>) -> GoldenReport.Comparison {
    let output = golden.output
    let values = map.values.map { Double($0) }
    guard map.shape == output.shape else {
      preconditionFailure("a golden's output shape is checked before it is run")
    }
    let metrics = ErrorMetrics(values, reference: output.reference)
    let criterion = criterion(output.name)
    var labels: LabelRule?
    if let classes = golden.architecture.classCount {
      labels = LabelRule(
        values, reference: output.reference, classes: classes,
        bound: 2 * criterion.allowedMax * metrics.scale)
    }
    let exact = output.float32.map { reference in
      zip(values, reference).allSatisfy { Float($0).bitPattern == $1.bitPattern }
    }
    return GoldenReport.Comparison(
      name: output.name, metrics: metrics, criterion: criterion, labels: labels, isBitExact: exact ?? false,
      picture: ErrorPicture(
        values, reference: output.reference, scale: metrics.scale, classes: golden.architecture.classCount))
  }

  private func comparison(_ tap: GoldenTap, _ values: [Engine.Scalar]) -> GoldenReport.Comparison {
    let metrics = ErrorMetrics(
      tap.select(values).map { Double($0) }, reference: tap.stored.map { Double($0) })
    return GoldenReport.Comparison(
      name: tap.name, metrics: metrics, criterion: criterion(tap.name), labels: nil,
      isBitExact: metrics.isBitExact)
  }

  private func criterion(_ output: String) -> Criterion {
    if let reduced { return reduced.criterion(of: output, k: k, usual: floorCriterion(output)) }
    return floorCriterion(output)
  }

  private func floorCriterion(_ output: String) -> Criterion {
    let k = k ?? golden.k
    guard let floor = golden.floors.free[output] else {
      return .uncalibrated(convolutions: engine.tree.convolutions.count, k: k)
    }
    // A reference that is itself a float32 pass carries one floor of its own.
    let own = golden.output.isFloat32Only ? 2.0.squareRoot() : 1
    return Criterion(floorRelL2: floor.relL2 * own, floorMax: floor.maxOverStd * own, k: k)
  }

  // MARK: Where it starts

  private func locate(
    _ comparisons: [GoldenReport.Comparison], _ input: FeatureMap<Float>
  ) throws -> GoldenReport.Divergence? {
    let taps = comparisons.dropFirst()
    if let forced = try teacherForced(input) { return forced }
    guard let first = taps.firstIndex(where: { !$0.passes }) else {
      // Every block is right, the output is not: what follows the last tap.
      guard comparesLayers, let last = taps.last else { return nil }
      let block = engine.tree.head?.name ?? last.name
      return GoldenReport.Divergence(
        block: block, layer: block, method: .freeRunning, relL2: comparisons[0].metrics.relL2,
        before: last.metrics.relL2)
    }
    let before = taps[..<first].map(\.metrics.relL2).max() ?? 0
    return GoldenReport.Divergence(
      block: taps[first].name, layer: nil, method: .freeRunning, relL2: taps[first].metrics.relL2,
      before: before)
  }

  /// Feeds the reference's own activation to each stage: the wrong one stands alone.
  ///
  /// Needs full taps; one stage's own rounding is near 3e-7, a fault's error 1e-4 and more.
  private func teacherForced(_ input: FeatureMap<Float>) throws -> GoldenReport.Divergence? {
    guard comparesLayers, golden.taps.contains(where: \.isFull) else { return nil }
    var stageInput: FeatureMap<Float>? = input
    var before = 0.0
    for name in engine.tree.tapNames {
      guard let source = stageInput else { return nil }
      let expected: [Double]
      let isOutput = name == engine.tree.tapNames.last
      if isOutput {
        expected = golden.output.reference
      } else if let tap = golden.tap(name), tap.isFull {
        expected = tap.stored.map { Double($0) }
      } else {
        return nil
      }
      let computed = try engine.runStage(name, source, taps: [])
      guard computed.output.values.count == expected.count else { return nil }
      let metrics = ErrorMetrics(computed.output.values.map { Double($0) }, reference: expected)
      let floor = golden.floors.block[name] ?? golden.floors.block[isOutput ? golden.output.name : name]
      let criterion =
        reduced?.criterion(ofStage: name, k: k)
        ?? Criterion(
          floorRelL2: max(floor?.relL2 ?? 0, 3e-7), floorMax: max(floor?.maxOverStd ?? 0, 3e-6),
          k: k ?? golden.k)
      if !criterion.accepts(metrics) {
        return GoldenReport.Divergence(
          block: name, layer: nil, method: .teacherForced, relL2: metrics.relL2, before: before)
      }
      before = max(before, metrics.relL2)
      stageInput = golden.tap(name).map { FeatureMap(shape: $0.shape, values: $0.stored) }
    }
    return nil
  }
}
