internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTGoldens

/// Looks for the reason why another program's integers are not a quantized golden's.
struct QuantizedInvestigation {
  let run: QuantizedRun
  let outputs: AlignedOutputs
  let golden: Golden
  let tree: LayerTree

  /// How much farther from the golden than PyTorch's own engines a result may be that is still called an 8-bit
  /// result: engines that were not measured round in other places.
  static let allowance = 2.0

  /// Adds the place, and the engine of PyTorch's whose rounding explains all that was given.
  ///
  /// - Returns: The class: `i8` if the logits are as near as PyTorch's engines are to each other.
  func run(_ report: inout GoldenReport, expected: EngineClass?) throws -> ClassedOutput {
    report.divergence = QuantizedRun.divergence(report.comparisons, golden, tree)
    let before = report.comparisons[0].metrics.relL2
    var widest = 0.0
    var engine: QuantizedBackend?
    for backend in QuantizedBackend.allCases {
      guard let result = try? run.result(backend, golden, taps: Set(outputs.layers.map(\.name))) else {
        continue
      }
      let metrics = ErrorMetrics(
        result.output.values.map { Double($0) }, reference: golden.output.reference)
      widest = max(widest, metrics.relL2)
      if engine == nil, explains(result) { engine = backend }
    }
    if let engine {
      report.causes = [
        Cause(
          id: "quantized-engine",
          text:
            "these are \(engine.rawValue)'s integers; PyTorch's engines round differently, and the golden "
            + "is of another",
          side: .computation, relL2Before: before, relL2After: 0, explainsToTimesFloor: 0, isConfirmed: true,
          party: .engine)
      ]
    }
    guard engine != nil || before <= Self.allowance * widest else { return ClassedOutput(.wrong) }
    if engine == nil {
      report.remark =
        "the logits are as near to the golden as PyTorch's engines are to each other; no engine's rounding "
        + "gives exactly these integers"
    }
    let found = ClassedOutput(.i8, engine == nil ? .size : .rounding)
    // 8 bits were meant, so another engine's rounding passes; an error of only that size proves nothing.
    guard engine != nil, let expected, EngineClass.i8.isWithin(expected) else { return found }
    for index in report.comparisons.indices {
      let metrics = report.comparisons[index].metrics
      guard metrics.relL2.isFinite else { continue }
      report.comparisons[index].criterion = Criterion(
        floorRelL2: max(metrics.relL2, widest), floorMax: max(metrics.maxOverStd, widest),
        k: 1)
      report.comparisons[index].criterion.ceiling = .infinity
      report.comparisons[index].labels = nil
    }
    return found
  }

  /// Whether all that was given is what an engine computes.
  private func explains(_ result: ForwardResult<Float>) -> Bool {
    outputs.layers.allSatisfy { layer in
      let name = layer.name == tree.outputName ? nil : layer.name
      let values = name.flatMap { result.taps[$0]?.values } ?? (name == nil ? result.output.values : [])
      return values.elementsEqual(layer.values) { Double($0) == $1 }
    }
  }
}
