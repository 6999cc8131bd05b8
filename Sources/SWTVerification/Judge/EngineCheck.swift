internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTBytes
internal import SWTGoldens
internal import SWTThreads

/// Compares an engine's outputs for one golden, after the model file itself was tried.
final class EngineCheck<Source: WeightSource> {
  private let tree: LayerTree
  private let weights: Source
  private let threads: ThreadPool
  private let options: JudgeOptions
  private let budget: SearchBudget
  private var network: ChangingNetwork?
  /// Set if the network is integers, which are compared one by one.
  private let quantized: QuantizedRun?

  init(
    tree: LayerTree, weights: Source, threads: ThreadPool, options: JudgeOptions, budget: SearchBudget,
    quantized: QuantizedRun? = nil
  ) {
    self.quantized = quantized
    self.tree = tree
    self.weights = weights
    self.threads = threads
    self.options = options
    self.budget = budget
  }

  /// The report of one golden; `model` is that of the model file, `judgement` what all goldens say together.
  func run(
    _ name: String, _ golden: Golden, _ outputs: EngineOutputs, _ model: GoldenReport,
    _ judgement: inout Judgement
  ) throws -> GoldenReport {
    var aligned: AlignedOutputs
    do throws(ParseFailure) {
      aligned = try AlignedOutputs(outputs, of: golden, map: options.map, layout: options.layout)
    } catch {
      throw JudgeFailure.outputs(file: outputs.path, "\(error)", .none)
    }
    try requireOutput(aligned, outputs, golden)
    let agrees = model.passes && (model.weights?.passes ?? true)
    judgement.note(aligned, model, agrees: agrees)
    if agrees, quantized == nil, !TapsBeforeReLU.candidates(tree, aligned).isEmpty {
      let input = FeatureMap(shape: golden.input.shape, values: golden.input.floats())
      let found = try TapsBeforeReLU(tree: tree, engine: changingNetwork().engine, input: input)
        .rectify(&aligned)
      judgement.tapsBeforeReLU += found.filter { !judgement.tapsBeforeReLU.contains($0) }
    }

    var report = GoldenReport(
      name: name, producer: golden.producer, kind: golden.kind, weights: nil,
      isUncalibrated: golden.floors.free[golden.output.name] == nil, comparisons: [])
    report.reduced = model.reduced
    let judge = GoldenJudge(golden, tree, reduced: model.reduced, isQuantized: quantized != nil)
    report.comparisons = compare(aligned, judge)
    if quantized == nil { acceptNarrowTaps(aligned, &report) }
    var engineClass = classOfPassing(report, model)
    var others: [EngineClass] = []
    if !agrees {
      // Nothing can be said of the engine; what is wrong with the model can.
      engineClass = report.passes ? engineClass : .wrong
      (report.causes, report.divergence, report.blocks) = (model.causes, model.divergence, model.blocks)
    } else if !report.passes {
      let found = try investigate(aligned, judge, &report)
      (engineClass, others) = (found.engineClass, found.others)
      if judgement.basis != .size { judgement.basis = found.basis ?? judgement.basis }
    }
    let before = judgement.engineClass
    judgement.engineClass = before.combined(with: engineClass)
    if before != judgement.engineClass {
      judgement.otherClasses = others
    } else if before == engineClass {
      // What one golden tells is told.
      judgement.otherClasses.removeAll { !others.contains($0) }
    }
    return report
  }

  // MARK: What there is

  private func requireOutput(
    _ aligned: AlignedOutputs, _ outputs: EngineOutputs, _ golden: Golden
  ) throws(JudgeFailure) {
    let name = golden.output.name
    if let misfit = aligned.misfits.first(where: { $0.name == name }),
      misfit.actual.first != misfit.expected.first || misfit.actual.count > misfit.expected.count + 2
    {
      throw .outputs(
        file: outputs.path, "\(name) has shape \(misfit.actual); the golden's is \(misfit.expected)", .none)
    }
    guard aligned.layer(name) == nil, !aligned.misfits.contains(where: { $0.name == name }) else { return }
    let names = outputs.arrays.map { $0.name.isEmpty ? "(unnamed)" : $0.name }
    let list = names.prefix(8).joined(separator: ", ") + (names.count > 8 ? ", …" : "")
    throw .outputs(
      file: outputs.path, "none of its \(names.count) arrays is the network's output, \(name): \(list)",
      .mapNames)
  }

  // MARK: Comparing

  private func compare(_ aligned: AlignedOutputs, _ judge: GoldenJudge) -> [GoldenReport.Comparison] {
    let golden = judge.golden
    var comparisons: [GoldenReport.Comparison] = []
    func misfit(_ name: String) -> GoldenReport.Comparison {
      var metrics = ErrorMetrics([1], reference: [1])
      (metrics.relL2, metrics.maxOverStd, metrics.maxAbs) = (.infinity, .infinity, .infinity)
      metrics.isBitExact = false
      return .init(
        name: name, metrics: metrics, criterion: judge.criterion(of: name), labels: nil, isBitExact: false)
    }
    if let output = aligned.layer(golden.output.name) {
      comparisons += judge.compare(
        ForwardResult(output: FeatureMap(shape: golden.output.shape, values: output.values)))
      comparisons[0].values = ComparedValues(
        result: output.values, reference: golden.output.reference, scale: comparisons[0].metrics.scale,
        classes: golden.architecture.classCount)
    } else {
      comparisons.append(misfit(golden.output.name))
    }
    for tap in golden.taps {
      if let layer = aligned.layer(tap.name), layer.shape == tap.shape {
        let metrics = ErrorMetrics(tap.select(layer.values), reference: tap.stored.map { Double($0) })
        comparisons.append(
          .init(
            name: tap.name, metrics: metrics, criterion: judge.criterion(of: tap.name), labels: nil,
            isBitExact: metrics.isBitExact))
      } else if aligned.misfits.contains(where: { $0.name == tap.name }) {
        comparisons.append(misfit(tap.name))
      }
    }
    return comparisons
  }

  /// A right engine may save a layer's output with fewer bits; that is no fault of what it computes.
  private func acceptNarrowTaps(_ aligned: AlignedOutputs, _ report: inout GoldenReport) {
    guard report.comparisons[0].passes else { return }
    for index in report.comparisons.indices.dropFirst() where !report.comparisons[index].passes {
      let item = report.comparisons[index]
      guard let format = aligned.layer(item.name)?.format,
        let bits = EngineClass(rawValue: format)?.significandBits, item.metrics.firstNonFinite == nil
      else { continue }
      let unit = 1 / Double(1 << bits)
      guard item.metrics.relL2 <= unit else { continue }
      var criterion = Criterion(
        floorRelL2: unit / item.criterion.k, floorMax: max(item.metrics.maxOverStd, unit), k: item.criterion.k
      )
      criterion.ceiling = .infinity
      report.comparisons[index].criterion = criterion
    }
  }

  private func classOfPassing(_ report: GoldenReport, _ model: GoldenReport) -> EngineClass {
    guard report.passes else { return .wrong }
    if report.isBitExact { return .bitExact }
    return model.reduced.flatMap { EngineClass(rawValue: $0.precision) } ?? .fp32
  }

  // MARK: Why

  private func investigate(
    _ aligned: AlignedOutputs, _ judge: GoldenJudge, _ report: inout GoldenReport
  ) throws -> ClassedOutput {
    if let found = nonFinite(aligned) {
      report.nonFinite = found
      let stage = (try? tree.stage(ofTap: found.tensor)) ?? found.tensor
      report.divergence = .init(
        block: stage, layer: stage == tree.canonicalTap(found.tensor) ? nil : found.tensor,
        method: .freeRunning,
        relL2: .nan, before: 0)
      report.causes = [
        Cause(
          id: "not-a-number",
          text: "the engine has \(found.value) in \(found.tensor) at \(found.position)", side: .computation,
          place: stage, relL2Before: .nan, relL2After: .nan, explainsToTimesFloor: .nan, isConfirmed: true,
          party: .engine)
      ]
      return ClassedOutput(.wrong)
    }
    if let misfit = aligned.misfits.first {
      let isClasses = misfit.name == tree.outputName && tree.head != nil
      let stage = (try? tree.stage(ofTap: misfit.name)) ?? misfit.name
      report.divergence = .init(block: stage, method: .freeRunning, relL2: .infinity, before: 0)
      report.causes = [
        Cause(
          id: isClasses ? "class-count" : "shape",
          text: "the engine has shape \(misfit.actual) in \(misfit.name), the network \(misfit.expected)",
          side: .computation, place: stage, relL2Before: .infinity, relL2After: .nan,
          explainsToTimesFloor: .nan, isConfirmed: true, party: .engine)
      ]
      return ClassedOutput(.wrong)
    }
    if let quantized {
      return try QuantizedInvestigation(run: quantized, outputs: aligned, golden: judge.golden, tree: tree)
        .run(&report, expected: options.expected)
    }
    return try EngineInvestigation(
      judge: judge, weights: weights, network: try changingNetwork(), outputs: aligned, options: options,
      budget: budget
    ).run(&report)
  }

  private func changingNetwork() throws -> ChangingNetwork {
    if let network { return network }
    let made = try ChangingNetwork(tree, weights: weights, threads: threads)
    network = made
    return made
  }

  private func nonFinite(_ aligned: AlignedOutputs) -> GoldenReport.NonFinite? {
    for layer in aligned.layers {
      guard let index = layer.values.firstIndex(where: { !$0.isFinite }) else { continue }
      return .init(layer.name, index, shape: layer.shape, value: layer.values[index])
    }
    return nil
  }
}

extension Judgement {
  fileprivate mutating func note(_ aligned: AlignedOutputs, _ model: GoldenReport, agrees: Bool) {
    modelAgrees = (modelAgrees ?? true) && agrees
    if let worst = model.comparisons.map(\.timesFloor).max() {
      modelTimesFloor = max(modelTimesFloor ?? 0, worst)
    }
    for name in aligned.layers.map(\.name) + aligned.misfits.map(\.name) where !matched.contains(name) {
      matched.append(name)
    }
    for name in aligned.ignored where !ignored.contains(name) { ignored.append(name) }
  }
}
