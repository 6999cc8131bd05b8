package import ResNetArchitecture
package import ResNetEngine
package import SWTGoldens

/// What one golden allows, and how a result compares with it.
///
/// Every output and every tap has a bound of its own, and all must be met: nothing is averaged.
package struct GoldenJudge: Sendable {
  package let golden: Golden
  package let tree: LayerTree
  /// Overrides the golden's multiple of the floor.
  let k: Double?
  /// The wider bound for reduced precision.
  let reduced: ReducedPrecision?
  /// Whether the network is integers, of which every one must be the golden's.
  let isQuantized: Bool

  package init(
    _ golden: Golden, _ tree: LayerTree, k: Double? = nil, reduced: ReducedPrecision? = nil,
    isQuantized: Bool = false
  ) {
    self.isQuantized = isQuantized
    self.golden = golden
    self.tree = tree
    self.k = k
    self.reduced = reduced
  }

  // MARK: Bounds

  /// The bound of an output or tap of a free-running pass, in which each stage gets the previous one's
  /// output.
  func criterion(of output: String) -> Criterion {
    if isQuantized { return Criterion(floorRelL2: 0, floorMax: 0, k: 1) }
    if let reduced { return reduced.criterion(of: output, k: k, usual: floorCriterion(output)) }
    return floorCriterion(output)
  }

  private func floorCriterion(_ output: String) -> Criterion {
    let k = k ?? golden.k
    guard let floor = golden.floors.free[output] else {
      return .uncalibrated(convolutions: tree.convolutions.count, k: k)
    }
    // A float32 reference has an error of one floor itself.
    let own = golden.output.isFloat32Only ? 2.0.squareRoot() : 1
    var criterion = Criterion(floorRelL2: floor.relL2 * own, floorMax: floor.maxOverStd * own, k: k)
    criterion.ceiling *= own
    return criterion
  }

  /// The output or tap for which the golden itself allows more than passes for its class, and the allowed
  /// relative L2 error; nil if there is none.
  package var loosest: (name: String, allowed: Double)? {
    let own = GoldenJudge(golden, tree)
    var found = ([golden.output.name] + golden.taps.map(\.name)).map { ($0, own.criterion(of: $0)) }
    for (precision, floors) in golden.floors.precision.sorted(by: { $0.key < $1.key }) {
      found += floors.sorted { $0.key < $1.key }.map {
        ("\($0.key) in \(precision)", ReducedPrecision.criterion($0.value, precision))
      }
    }
    return found.first { $0.1.isLoose }.map { ($0.0, $0.1.allowedRelL2) }
  }

  /// Allowed multiple of one stage's floor: a fault is four orders of magnitude larger than that floor.
  static let stageMultiple = 4.0

  /// The bound of one stage alone, with the reference's activation as input.
  ///
  /// The rounding error of one stage is 1e-7 to 1e-6.
  func criterion(ofStage stage: String) -> Criterion {
    if let reduced { return reduced.criterion(ofStage: stage, k: k) }
    let floor = golden.floors.block[stage] ?? golden.floors.block[outputName(of: stage)]
    return Criterion(
      floorRelL2: max(floor?.relL2 ?? 0, 5e-7), floorMax: max(floor?.maxOverStd ?? 0, 5e-6),
      k: max(k ?? 0, Self.stageMultiple), isCalibrated: floor != nil)
  }

  /// The golden's name for the output of a stage: that of the last one is `logits` or `layer4`.
  func outputName(of stage: String) -> String {
    stage == tree.tapNames.last ? golden.output.name : stage
  }

  // MARK: Comparing

  /// Compares a result: the output first, then every tap that both have.
  package func compare<Scalar>(_ result: ForwardResult<Scalar>) -> [GoldenReport.Comparison] {
    var comparisons = [output(result.output)]
    for tap in golden.taps {
      guard let map = result.taps[tap.name], map.shape == tap.shape else { continue }
      comparisons.append(self.tap(tap, map.values))
    }
    return comparisons
  }

  private func output<Scalar>(_ map: FeatureMap<Scalar>) -> GoldenReport.Comparison {
    let output = golden.output
    guard map.shape == output.shape else {
      preconditionFailure("a golden's output shape is checked before it is run")
    }
    let values = map.values.map { Double($0) }
    let metrics = ErrorMetrics(values, reference: output.reference)
    let exact = output.float32.map { reference in
      zip(values, reference).allSatisfy { Float($0).bitPattern == $1.bitPattern }
    }
    return GoldenReport.Comparison(
      name: output.name, metrics: metrics, criterion: criterion(of: output.name),
      labels: labels(values, metrics),
      isBitExact: exact ?? false)
  }

  /// The labels of an output; nil if the output is a feature map.
  func labels(_ values: [Double], _ metrics: ErrorMetrics) -> LabelRule? {
    golden.architecture.classCount.map { classes in
      LabelRule(
        values, reference: golden.output.reference, classes: classes,
        bound: 2 * criterion(of: golden.output.name).allowedMax * metrics.scale)
    }
  }

  private func tap<Scalar: BinaryFloatingPoint>(
    _ tap: GoldenTap, _ values: [Scalar]
  ) -> GoldenReport.Comparison {
    let metrics = ErrorMetrics(
      tap.select(values).map { Double($0) }, reference: tap.stored.map { Double($0) })
    return GoldenReport.Comparison(
      name: tap.name, metrics: metrics, criterion: criterion(of: tap.name), labels: nil,
      isBitExact: metrics.isBitExact)
  }

  // MARK: Stages

  /// Whether the golden has the output of a stage.
  func knows(_ stage: String) -> Bool {
    stage == tree.tapNames.last || golden.tap(stage) != nil
  }

  /// Compares a stage's output with the golden's; nil if that has none of this name and shape.
  func metrics<Scalar>(ofStage stage: String, _ map: FeatureMap<Scalar>) -> ErrorMetrics? {
    if stage == tree.tapNames.last {
      guard map.shape == golden.output.shape else { return nil }
      return ErrorMetrics(map.values.map { Double($0) }, reference: golden.output.reference)
    }
    guard let tap = golden.tap(stage), tap.shape == map.shape else { return nil }
    return ErrorMetrics(
      tap.select(map.values).map { Double($0) }, reference: tap.stored.map { Double($0) })
  }
}
