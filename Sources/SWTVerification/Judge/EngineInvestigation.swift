internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTGoldens
internal import SWTTensorFiles

/// An engine's class, and what it rests on.
struct ClassedOutput {
  let engineClass: EngineClass
  let basis: ClassBasis?
  /// Classes that the outputs do not tell from it.
  let others: [EngineClass]

  init(_ engineClass: EngineClass, _ basis: ClassBasis? = nil, others: [EngineClass] = []) {
    self.others = engineClass == .wrong ? [] : others
    self.engineClass = engineClass
    self.basis = engineClass == .wrong ? nil : basis
  }
}

/// Finds out where and why an engine's outputs are wrong, given a model that agrees with the golden.
///
/// The engine's outputs become the expectation, and what this program has to change to meet it is what the
/// engine does differently.
struct EngineInvestigation<Source: WeightSource> {
  let judge: GoldenJudge
  let weights: Source
  let network: ChangingNetwork
  let outputs: AlignedOutputs
  let options: JudgeOptions
  let budget: SearchBudget

  private var tree: LayerTree { judge.tree }
  private var isFolded: Bool { !weights.holds("\(tree.stem.units[0].normName).running_var") }

  /// Adds the findings to a failing report.
  ///
  /// - Returns: The class of the outputs.
  func run(_ report: inout GoldenReport) throws -> ClassedOutput {
    let input = FeatureMap(shape: judge.golden.input.shape, values: judge.golden.input.floats())
    let parts = try EngineStages(
      judge: judge, weights: weights, network: network.engine, outputs: outputs, input: input
    ).run()
    place(parts, &report)
    let wrong = parts.filter(\.isWrong)
    guard !wrong.isEmpty else { return bySize(parts, input, &report) }

    // Many parts with small errors are a matter of precision; a few with large ones are faults.
    let faults = faults(wrong, parts)
    if faults.isEmpty, mayRound(wrong, parts) {
      let search = PrecisionSearch(
        tree: tree, weights: weights, threads: network.engine.threads, isFolded: isFolded, outputs: outputs,
        budget: budget)
      if let found = try search.run(parts) {
        report.causes = [cause(found)]
        return ClassedOutput(sized(found.engineClass, input, &report, isCertain: true), .rounding)
      }
      if let classed = try byDirection(parts, input, &report) { return classed }
    }
    report.causes = try causes(faults.isEmpty ? Array(wrong.prefix(1)) : faults, input, report)
    guard report.causes.isEmpty else {
      settle(&report)
      return ClassedOutput(.wrong)
    }
    return bySize(parts, input, &report)
  }

  // MARK: Where

  private func place(_ parts: [EngineStage], _ report: inout GoldenReport) {
    for part in parts {
      let free = report.comparisons.first { $0.name == judge.outputName(of: part.name) }
      report.blocks.append(
        .init(
          name: part.name, freeRunning: free.map { .init($0.metrics, $0.criterion) },
          teacherForced: .init(part.metrics, part.criterion)))
    }
    guard let first = parts.first(where: \.isWrong) else { return }
    let before = parts.prefix { $0.name != first.name }.map(\.metrics.relL2).max() ?? 0
    let suspects = Array(first.stages.dropLast())
    guard suspects.count <= GoldenReport.Divergence.mostAlternatives else {
      report.vagueness =
        "the engine gave no output between \(suspects[0]) and \(first.name), so it is not known which of "
        + "these \(suspects.count + 1) stages is wrong; their outputs would tell"
      return
    }
    report.divergence = .init(
      block: first.name, suspects: suspects, method: .teacherForced, relL2: first.metrics.relL2,
      before: before)
    let layers = tree.layers(of: first.name)
    if suspects.isEmpty, layers.count == 1 { report.divergence?.layer = layers[0] }
  }

  /// Whether fewer bits are likely: engines have them in most layers, or in the first or last alone.
  private func mayRound(_ wrong: [EngineStage], _ parts: [EngineStage]) -> Bool {
    guard parts.count > 2, 2 * wrong.count < parts.count else { return true }
    return wrong.contains { $0.stages == [tree.stem.name] || $0.stages == [tree.head?.name] }
  }

  /// What a confirmed cause tells of the place.
  private func settle(_ report: inout GoldenReport) {
    guard let place = report.cause?.place, let stage = try? tree.stage(ofTap: place) else { return }
    if report.divergence == nil {
      report.divergence = .init(
        block: stage, method: .byCause, relL2: report.comparisons[0].metrics.relL2, before: 0)
    }
    if report.divergence?.block == stage, place != stage || tree.layers(of: stage) == [place] {
      report.divergence?.layer = place
    }
  }

  // MARK: Faults

  /// The parts whose errors stand out: above what any precision costs, or far above those of the others.
  private func faults(_ wrong: [EngineStage], _ parts: [EngineStage]) -> [EngineStage] {
    let single = parts.filter { $0.stages.count == 1 || parts.count == 1 }
    guard single.count > 1 else { return [] }
    let errors = parts.map(\.metrics.relL2).sorted()
    let middle = errors[errors.count / 2]
    let usual = min(max(middle * 20, Self.usualErrors.lowerBound), Self.usualErrors.upperBound)
    return wrong.filter { !($0.metrics.relL2 <= usual) }
  }

  /// Relative errors of a stage in 16 bits are below the first, those in 8 bits below the second.
  private static var usualErrors: ClosedRange<Double> { 0.02...0.1 }

  private func causes(
    _ faults: [EngineStage], _ input: FeatureMap<Float>, _ report: GoldenReport
  ) throws -> [Cause] {
    let engineJudge = GoldenJudge(try expectation(), tree, reduced: judge.reduced)
    var causes: [Cause] = []
    for part in faults.prefix(4) {
      if budget.isOver { break }
      let trial = try Trial(
        engineJudge, weights, network, input: input, suspects: part.stages, segment: part.stages,
        feed: part.feed)
      var diagnosis = Diagnosis(
        trial: trial, isFolded: isFolded, weightsReport: nil,
        errorBefore: report.comparisons[0].metrics.relL2)
      (diagnosis.party, diagnosis.budget) = (.engine, budget)
      guard let found = try diagnosis.run() else { continue }
      var cause = found.cause
      cause.hint = EngineHints.hint(options.engine, cause.id)
      causes.append(cause)
      if cause.isConfirmed { break }
    }
    return causes
  }

  /// A golden that expects what the engine computed.
  private func expectation() throws -> Golden {
    let stages = Set(tree.tapNames)
    let taps = outputs.layers.filter { stages.contains($0.name) && $0.name != judge.golden.output.name }
    guard let output = outputs.layer(judge.golden.output.name) else { return judge.golden }
    func data(_ layer: AlignedOutputs.Layer) -> TensorData {
      TensorData(shape: layer.shape, floats: layer.values.map { Float($0) })
    }
    return try judge.golden.expecting(
      TensorData(shape: judge.golden.output.shape, floats: output.values.map { Float($0) }),
      taps: taps.filter { $0.name != tree.tapNames.last }.map { ($0.name, data($0)) })
  }

  // MARK: Precision

  private func cause(_ found: PrecisionFinding) -> Cause {
    var cause = Cause(
      id: found.id, text: found.text, side: .precision, place: found.place,
      relL2Before: found.probe.metrics.relL2, relL2After: found.after,
      explainsToTimesFloor: found.after / found.probe.criterion.floorRelL2, isConfirmed: true, party: .engine)
    cause.hint = EngineHints.hint(options.engine, found.id)
    return cause
  }

  /// A class whose size the output has. If that was meant, and is certain, its bounds replace those of
  /// float32; a size alone passes nothing, because a small fault has it, too.
  private func sized(
    _ engineClass: EngineClass, _ input: FeatureMap<Float>, _ report: inout GoldenReport,
    isCertain: Bool
  ) -> EngineClass {
    let floors = PrecisionFloors(judge: judge, weights: weights, network: network, input: input)
    guard
      let criteria = try? floors.criteria(
        engineClass, report.comparisons.map(\.name), isCertain: isCertain),
      let bound = criteria[judge.golden.output.name],
      bound.accepts(report.comparisons[0].metrics)
    else { return .wrong }
    guard isCertain, let expected = options.expected, engineClass.isWithin(expected) else {
      return engineClass
    }
    for index in report.comparisons.indices {
      guard let criterion = criteria[report.comparisons[index].name] else { continue }
      report.comparisons[index].criterion = criterion
    }
    if let output = outputs.layer(judge.golden.output.name),
      let classes = judge.golden.architecture.classCount
    {
      report.comparisons[0].labels = LabelRule(
        output.values, reference: judge.golden.output.reference, classes: classes,
        bound: 2 * bound.allowedMax * report.comparisons[0].metrics.scale)
    }
    return report.passes ? engineClass : .wrong
  }

  /// The class by the direction of the output's error; nil if that is not a rounding's.
  private func byDirection(
    _ parts: [EngineStage], _ input: FeatureMap<Float>, _ report: inout GoldenReport
  ) throws -> ClassedOutput? {
    let direction = RoundingDirection(
      judge: judge, weights: weights, network: network, isFolded: isFolded, input: input, budget: budget)
    guard let output = outputs.layer(judge.golden.output.name), let found = try direction.run(output.values)
    else { return nil }
    let engineClass = sized(found.engineClass, input, &report, isCertain: true)
    guard engineClass != .wrong else { return nil }
    describe(found, parts, &report)
    return ambiguous(engineClass, .rounding, isExplained: !report.causes.isEmpty)
  }

  /// The class by the size of the error alone, if no part stands out.
  private func bySize(
    _ parts: [EngineStage], _ input: FeatureMap<Float>, _ report: inout GoldenReport
  ) -> ClassedOutput {
    let wrong = parts.filter(\.isWrong)
    guard faults(wrong, parts).isEmpty, mayRound(wrong, parts) else { return ClassedOutput(.wrong) }
    for engineClass in [EngineClass.f16, .bf16, .i8] {
      let found = sized(engineClass, input, &report, isCertain: false)
      guard found != .wrong else { continue }
      report.remark =
        "the error has the size of \(engineClass == .f16 ? "f16 or tf32" : engineClass.rawValue)"
        + (parts.count > 1 ? " in every layer, and none stands out" : "")
        + ", but "
        + (budget.isOver ? "the time for the search was over" : "no rounding that was tried explains it")
        + ", so it may be a fault; "
        + (parts.count > 2 ? "more time (the budget) may tell" : "outputs of layers would tell")
      return ambiguous(found, .size, isExplained: false)
    }
    return ClassedOutput(.wrong)
  }

  /// TF32 and float16 have significands of 11 bits: only what explains the error tells which it was.
  private func ambiguous(
    _ engineClass: EngineClass, _ basis: ClassBasis, isExplained: Bool
  ) -> ClassedOutput {
    let pair = [EngineClass.tf32, .f16]
    guard !isExplained, pair.contains(engineClass) else { return ClassedOutput(engineClass, basis) }
    let named = options.expected.flatMap { pair.contains($0) ? $0 : nil } ?? .f16
    return ClassedOutput(named, basis, others: pair.filter { $0 != named })
  }

  private func describe(
    _ found: RoundingDirection<Source>.Finding, _ parts: [EngineStage], _ report: inout GoldenReport
  ) {
    let format = found.engineClass.rawValue
    let size = [.tf32, .f16].contains(found.engineClass) ? "f16 or tf32" : format
    guard found.fractionLeft <= RoundingDirection<Source>.explainedFraction else {
      report.remark =
        "the error has the size of \(size), and its direction is that of \(format) weights (cosine "
        + "\((found.cosine * 100).rounded() / 100)); outputs of layers would tell what is rounded"
      return
    }
    let before = report.comparisons[0].metrics.relL2
    var cause = Cause(
      id: found.id, text: found.text, side: .precision, place: found.place,
      relL2Before: before, relL2After: before * found.fractionLeft,
      explainsToTimesFloor: before * found.fractionLeft / report.comparisons[0].criterion.floorRelL2,
      isConfirmed: true, party: .engine)
    cause.hint = EngineHints.hint(options.engine, found.id)
    report.causes = [cause]
  }
}
