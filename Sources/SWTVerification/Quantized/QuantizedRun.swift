internal import ResNetArchitecture
internal import ResNetEngine
internal import ResNetModel
internal import SWTGoldens
internal import SWTTensorFiles
internal import SWTThreads

/// Compares a quantized network with goldens: integer for integer, and its logits bit for bit.
///
/// There is no noise to allow for: an engine's result depends only on the network and the engine's rounding.
struct QuantizedRun {
  private let model: Model
  private let options: VerificationOptions
  private let threads: ThreadPool
  private let backend: QuantizedBackend

  /// - Throws: ``InferenceError`` if the file states an engine that is not known.
  init(_ model: Model, _ options: VerificationOptions) throws(InferenceError) {
    (self.model, self.options) = (model, options)
    threads = ThreadPool(count: options.threads)
    backend = try model.file.statedBackend(options.quantizedBackend)
  }

  /// Adds a report per golden.
  ///
  /// - Throws: ``InferenceError`` if the network's numbers are not what an engine computes with; errors of
  ///   reading the weights.
  func check(
    _ goldens: [(name: String, golden: Golden)], _ digests: WeightDigests,
    _ report: inout VerificationReport
  ) throws {
    guard options.compute.isPlain else {
      throw InferenceError.quantization(
        "the network is quantized: its integers are computed as they are, in no other precision")
    }
    let engine = try model.quantizedEngine(
      backend, threads: threads, instructions: options.instructions)
    report.engine = "quantized, \(backend.rawValue)"
    report.compute = "quantized"
    report.stored = nil
    for (name, golden) in goldens {
      var found = GoldenReport(
        name: name, producer: golden.producer, kind: golden.kind,
        weights: WeightsCheck.compare(digests, golden: golden), comparisons: [])
      if options.level != .weights {
        found.comparisons = try compare(engine, golden).comparisons
        if !found.passes { try explain(golden, &found) }
      }
      report.goldens.append(found)
    }
  }

  private func compare(
    _ engine: QuantizedEngine, _ golden: Golden
  ) throws -> (comparisons: [GoldenReport.Comparison], result: ForwardResult<Float>) {
    let judge = GoldenJudge(golden, model.tree, isQuantized: true)
    let input = FeatureMap(shape: golden.input.shape, values: golden.input.floats())
    let taps = options.level == .forward ? [] : golden.taps.map(\.name)
    let result = try engine.run(input, taps: Set(taps))
    return (judge.compare(result), result)
  }

  // MARK: A wrong result

  /// The first layer whose integers differ, and the engine whose integers the golden's are.
  private func explain(_ golden: Golden, _ report: inout GoldenReport) throws {
    report.divergence = Self.divergence(report.comparisons, golden, model.tree)
    guard options.diagnoses, options.level == .all else { return }
    let before = report.comparisons.first?.metrics.relL2 ?? 0
    guard golden.quantizedEngine != nil else {
      report.causes = [
        .otherNumbers(
          "the golden states no engine of quantized networks: it is of real numbers, and the model is quantized",
          before)
      ]
      return
    }
    for other in QuantizedBackend.allCases where other != backend {
      guard let engine = try? model.quantizedEngine(other, threads: threads) else { continue }
      let comparisons = try compare(engine, golden).comparisons
      guard comparisons.allSatisfy(\.passes) else { continue }
      report.causes = [
        Cause(
          id: "quantized-engine",
          text: "these are \(other.rawValue)'s integers, and \(backend.rawValue) was computed: PyTorch's "
            + "engines round differently",
          side: .computation, relL2Before: before, relL2After: comparisons.first?.metrics.relL2 ?? 0,
          explainsToTimesFloor: 0, isConfirmed: true)
      ]
      return
    }
    guard let differing = report.weights?.differing, let first = differing.first else { return }
    report.causes = [
      Cause(
        id: "weights-differ", text: "\(first) is not what the golden was made with", side: .weights,
        place: first, relL2Before: before, relL2After: before, explainsToTimesFloor: 0, isConfirmed: false)
    ]
  }
}

extension QuantizedRun {
  /// Compares the network with a golden, computed by the engine that the golden names.
  func check(_ name: String, _ golden: Golden, _ digests: WeightDigests) throws -> GoldenReport {
    var found = GoldenReport(
      name: name, producer: golden.producer, kind: golden.kind,
      weights: WeightsCheck.compare(digests, golden: golden), comparisons: [])
    let named = golden.quantizedEngine.flatMap { QuantizedBackend(rawValue: $0) }
    let result = try result(named ?? backend, golden, taps: Set(golden.taps.map(\.name)))
    found.comparisons = GoldenJudge(golden, model.tree, isQuantized: true).compare(result)
    found.divergence = Self.divergence(found.comparisons, golden, model.tree)
    return found
  }

  /// The first layer, or else the output, whose integers differ.
  static func divergence(
    _ comparisons: [GoldenReport.Comparison], _ golden: Golden, _ tree: LayerTree
  ) -> GoldenReport.Divergence? {
    let logits = comparisons.first
    guard
      let wrong = comparisons.dropFirst().first(where: { !$0.passes })
        ?? logits.flatMap({ $0.passes ? nil : $0 })
    else { return nil }
    let name = wrong.name == golden.output.name ? tree.tapNames.last ?? wrong.name : wrong.name
    let block = (try? tree.stage(ofTap: name)) ?? name
    return GoldenReport.Divergence(
      block: block, layer: block == name ? nil : name, method: .freeRunning, relL2: wrong.metrics.relL2,
      before: 0)
  }

  /// What an engine computes for a golden's input.
  func result(
    _ backend: QuantizedBackend, _ golden: Golden, taps: Set<String>
  ) throws -> ForwardResult<Float> {
    let engine = try model.quantizedEngine(backend, threads: threads, instructions: options.instructions)
    return try engine.run(
      FeatureMap(shape: golden.input.shape, values: golden.input.floats()), taps: taps)
  }
}

extension Golden {
  /// The engine that a quantized network's golden states.
  var quantizedEngine: String? { metadata["quantized.engine"] }
}

extension Cause {
  /// Integers and real numbers were compared.
  static func otherNumbers(_ text: String, _ error: Double) -> Cause {
    Cause(
      id: "quantized-golden", text: text, side: .computation, relL2Before: error, relL2After: error,
      explainsToTimesFloor: 0, isConfirmed: true)
  }
}

extension GoldenReport {
  /// Says so if the golden is of a quantized network; the model is of real numbers.
  mutating func explainQuantizedGolden(_ golden: Golden) {
    guard !passes, golden.quantizedEngine != nil else { return }
    causes = [
      .otherNumbers(
        "the golden has the integers of a quantized network, and the model is of real numbers",
        comparisons.first?.metrics.relL2 ?? 0)
    ]
  }
}

extension VerificationOptions.Compute {
  /// Whether no other precision than the usual one was requested.
  fileprivate var isPlain: Bool {
    if case .float32 = self { true } else { false }
  }
}
