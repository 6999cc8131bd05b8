internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTGoldens
internal import SWTPlatform

/// Whether the error of an engine's output has the direction of a rounding's, for outputs without layers.
///
/// Roundings of many layers decorrelate, so no emulation explains all of the output's error; but part of it
/// is that of the weights, rounded the same way. The error of a fault has nothing to do with any rounding:
/// among n values, the cosine between two unrelated directions is above c with a probability of at most
/// (1 − c²)^((n − 1) / 2) (the cap of a sphere).
struct RoundingDirection<Source: WeightSource> {
  let judge: GoldenJudge
  let weights: Source
  let network: ChangingNetwork
  let isFolded: Bool
  let input: FeatureMap<Float>
  let budget: SearchBudget

  /// The part of the error that may be left for a cause to be named.
  static var explainedFraction: Double { 0.5 }
  /// Errors of different roundings of one network have some direction in common; their cosine stays below
  /// this.
  private static var leastCosine: Double { 0.35 }
  /// The probability of taking an unrelated error for that of a rounding.
  private static var falseAlarms: Double { 0.01 }
  /// The logarithm of the largest factor between a rounding's error and its floor.
  private static var farthest: Double { 3 }
  /// Multiply-adds up to which every rounding of ``PrecisionSearch`` is tried, in float64.
  private static var smallCost: Int { 1 << 25 }

  /// A rounding whose error has the direction of the engine's.
  struct Finding {
    let engineClass: EngineClass
    let id: String
    let text: String
    let place: String?
    let cosine: Double
    /// The part of the error that is left if the rounding is taken into account.
    let fractionLeft: Double
  }

  /// A rounding, and the network's output with it.
  private struct Candidate {
    let engineClass: EngineClass
    let id: String
    let text: String
    var place: String?
    let output: () throws -> [Double]
  }

  /// The rounding that explains the most; nil if none has the direction, or if the time is over.
  func run(_ output: [Double]) throws -> Finding? {
    let truth = judge.golden.output.reference
    guard output.count == truth.count, output.count > 2 else { return nil }
    let error = zip(output, truth).map { $0 - $1 }
    let size = norm(error)
    guard size > 0, size.isFinite else { return nil }
    let groups = try candidates(relL2: size / max(norm(truth), .leastNormalMagnitude))
    let unlikely = Self.falseAlarms / Double(groups.map(\.count).reduce(0, +))
    let chance = (1 - pow(unlikely, 2 / Double(error.count - 1))).squareRoot()
    var best: Finding?
    defer { restore() }
    search: for group in groups {
      for candidate in group {
        guard !budget.isOver, let output = try? candidate.output() else { break search }
        let predicted = zip(output, truth).map { $0 - $1 }
        let length = norm(predicted)
        guard length > 0, length.isFinite else { continue }
        let cosine = zip(error, predicted).reduce(0) { $0 + $1.0 * $1.1 } / (size * length)
        guard cosine > best?.cosine ?? max(Self.leastCosine, chance) else { continue }
        let left = norm(zip(error, predicted).map { $0 - $1 }) / size
        // One layer's part of the rounding of all has the direction, too, but explains little.
        guard candidate.place == nil || left <= Self.explainedFraction else { continue }
        best = Finding(
          engineClass: candidate.engineClass, id: candidate.id, text: candidate.text, place: candidate.place,
          cosine: cosine, fractionLeft: left)
      }
      // Other formats have other errors.
      if best != nil { break }
    }
    return best
  }

  private func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  // MARK: Candidates

  /// By format, first those whose errors have about that size; the classifier alone first of all, because
  /// it costs little.
  private func candidates(relL2: Double) throws -> [[Candidate]] {
    let cost = ForwardCost(judge.tree, shape: input.shape)
    let all = try cost.multiplyAdds <= Self.smallCost ? emulated() : rounded()
    func distance(_ engineClass: EngineClass) -> Double {
      let key = engineClass == .tf32 ? "f16" : engineClass.rawValue
      let floor = judge.golden.floors.precision[key]?[judge.golden.output.name]?.relL2
      return floor.map { $0 > 0 ? abs(log($0 / relL2)) : .infinity } ?? 0
    }
    // An error far above or below what a format costs is not that format's in every layer.
    let formats = [EngineClass.bf16, .f16, .tf32, .i8].filter { distance($0) <= Self.farthest }
      .sorted { distance($0) < distance($1) }
    return [try head()] + formats.map { format in all.filter { $0.engineClass == format } }
  }

  /// Every rounding to nearest, in float64.
  ///
  /// Truncation makes all weights smaller, as a larger ε does: the direction of its error is not its own.
  private func emulated() -> [Candidate] {
    Rounding.candidates(isFolded: isFolded).filter { $0.mode == .nearest }.map { rounding in
      var deviation = Deviation()
      deviation.rounding = rounding
      let engine = ReferenceEngine(
        judge.tree, weights: weights, threads: network.engine.threads, deviation: deviation,
        isInterrupted: budget.interruption)
      return Candidate(
        engineClass: EngineClass(rounding.format), id: rounding.causeID,
        text: rounding.text(isFolded: isFolded) + ", in every layer"
      ) { try engine.run(input, taps: []).output.values }
    }
  }

  /// Rounded weights in the fast engine.
  private func rounded() throws -> [Candidate] {
    let tree = judge.tree
    var candidates: [Candidate] = []
    for folds in isFolded ? [false] : [true, false] {
      var scales: [String: [Float]] = [:]
      if folds {
        for unit in tree.convolutions {
          scales[unit.name] = try NarrowWeights.foldedScale(unit, from: weights)
        }
      }
      for format in [Rounding.Format.bf16, .f16, .i8] {
        let engineClass = EngineClass(format)
        let changes = NarrowWeights.changes(tree, engineClass, scales: scales)
        let rounding = Rounding(format, .weights, foldsFirst: folds)
        candidates.append(
          Candidate(
            engineClass: engineClass, id: rounding.causeID,
            text: rounding.text(isFolded: isFolded) + ", in every layer"
          ) { try run(changes, from: nil) })
      }
    }
    return candidates
  }

  /// The classifier's weights alone.
  private func head() throws -> [Candidate] {
    guard let head = judge.tree.head else { return [] }
    let features = try network.engine.run(input, taps: ["avgpool"]).taps["avgpool"]
    return [Rounding.Format.f16, .bf16, .i8].map { format in
      let change = NarrowWeights.change(EngineClass(format), filters: head.outputFeatures)
      let rounding = Rounding(format, .weights)
      return Candidate(
        engineClass: EngineClass(format), id: rounding.causeID,
        text: rounding.text(isFolded: isFolded) + ", in \(head.name) alone", place: head.name
      ) { try run(["\(head.name).weight": change], from: features) }
    }
  }

  /// The output with other weights, from the classifier on if its input is given.
  private func run(
    _ changes: [String: WeightChange], from features: FeatureMap<Float>?
  ) throws -> [Double] {
    let tree = judge.tree
    let change = WhatIf(weights: changes)
    let concerned = change.layers(in: tree)
    let layers = tree.tapNames.flatMap { tree.layers(of: $0) }.filter { concerned.contains($0) }
    let source = AlteredWeights(weights, changes)
    for layer in layers { try network.repack(layer, from: source) }
    if let features, let head = tree.head {
      return try network.engine.runStage(head.name, features).output.values.map(Double.init)
    }
    return try network.engine.run(input, taps: []).output.values.map(Double.init)
  }

  /// Packs the model's weights again.
  private func restore() {
    for layer in judge.tree.tapNames.flatMap({ judge.tree.layers(of: $0) }) {
      try? network.repack(layer, from: weights)
    }
  }
}
