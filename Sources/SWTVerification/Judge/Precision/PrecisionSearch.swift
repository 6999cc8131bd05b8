internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTGoldens
internal import SWTThreads

/// Tries to explain an engine's errors by numbers with fewer bits.
///
/// Roundings of different layers decorrelate, so a whole network computed with the right rounding is as far
/// from the engine's output as with none. Each part of the network is therefore computed from the engine's
/// own output before it; the first part with one layer decides, because there nothing can decorrelate.
struct PrecisionSearch<Source: WeightSource> {
  let tree: LayerTree
  let weights: Source
  let threads: ThreadPool
  let isFolded: Bool
  let outputs: AlignedOutputs
  let budget: SearchBudget

  /// The part of the error that may be left, at most: a right rounding leaves next to nothing, and a wrong
  /// one most of it.
  static var allowedFraction: Double { 0.1 }

  /// What the right rounding leaves.
  private static var certainFraction: Double { 0.005 }

  private struct Tried {
    let rounding: Rounding
    let error: Double
  }

  /// The best explanation; nil if none leaves little enough of the error.
  func run(_ parts: [EngineStage]) throws -> PrecisionFinding? {
    let wrong = parts.filter(\.isWrong)
    guard let first = wrong.first, let probe = wrong.first(where: isSingle) ?? wrong.first else { return nil }
    // Over many layers no rounding explains much, so it is not worth long runs.
    let cost = ForwardCost(tree, shape: [1, tree.stem.inputChannels] + parts[0].feed.shape.dropFirst(2))
    guard probe.stages.count == 1 || cost.multiplyAdds <= 1 << 26 else { return nil }
    let scope = scope(first, wrong, parts)
    let window = ProbeWindow(probe, tree)
    guard let before = try? error(nil, window) else { return nil }
    var tried: [Tried] = []
    for rounding in Rounding.candidates(isFolded: isFolded) {
      // Once one explains everything, only TF32 may explain as much as float16, whose significand it has.
      let certain = tried.first { $0.error < Self.certainFraction * probe.metrics.relL2 }
      if let certain, certain.rounding.format != .f16 || rounding.format != .tf32 { continue }
      guard let left = try? error(rounding, window) else { break }
      tried.append(Tried(rounding: rounding, error: left / before * probe.metrics.relL2))
    }
    guard let best = tried.filter({ $0.error.isFinite }).min(by: { $0.error < $1.error }) else { return nil }
    let format = storedFormat(parts)
    if best.error <= Self.allowedFraction * probe.metrics.relL2 {
      // What is stored in a format is told by the values themselves.
      let isStored = format == best.rounding.format.rawValue
      let equal = tried.first { other in
        isStored && other.rounding.extent == .stored && other.rounding.format == best.rounding.format
          && other.error <= Self.allowedFraction * probe.metrics.relL2
      }
      let chosen = equal ?? best
      return PrecisionFinding(chosen.rounding, probe, after: chosen.error, scope: scope, isFolded: isFolded)
    }
    return witnessed(format, parts, tried, probe, scope)
  }

  // MARK: Candidates

  private func isSingle(_ part: EngineStage) -> Bool {
    guard part.stages.count == 1 else { return false }
    return part.name == tree.head?.name || (part.name == tree.stem.name && tree.stem.units.count == 1)
  }

  private func scope(_ first: EngineStage, _ wrong: [EngineStage], _ parts: [EngineStage]) -> PrecisionScope {
    if let head = tree.head, parts.count > 1, first.name == head.name, first.stages.count == 1 {
      return .only(head.name)
    }
    let isStemRight = parts.contains { $0.name == tree.stem.name && !$0.isWrong }
    return isStemRight ? .allExcept(tree.stem.name) : .all
  }

  /// The error of a part that is left if it is computed with a rounding.
  private func error(_ rounding: Rounding?, _ window: ProbeWindow) throws -> Double {
    var deviation = Deviation()
    deviation.rounding = rounding
    let engine = ReferenceEngine(
      tree, weights: weights, threads: threads, deviation: deviation,
      isInterrupted: budget.interruption)
    var map = window.feed
    var output: FeatureMap<Double>?
    for stage in window.stages {
      let result = try engine.runStage(stage, map).output
      (output, map) = (result, result.converted())
    }
    guard let output else { return .infinity }
    let values = window.inside(output)
    guard values.count == window.expected.count else { return .infinity }
    let size = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return size > 0 ? distance(window.expected, values) / size : .infinity
  }

  private func distance(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
  }

  // MARK: Witnesses

  /// The format in which all layers' outputs are kept, as their values tell.
  private func storedFormat(_ parts: [EngineStage]) -> String? {
    let layers = parts.dropLast().compactMap { outputs.layer($0.name) }
    guard let format = layers.first?.format, layers.count > 1 else { return nil }
    return layers.allSatisfy { $0.format == format || $0.format == "bf16" } ? format : nil
  }

  /// Values on a grid of 16-bit or 8-bit numbers in every layer, each with an error of that size, tell the
  /// format, although not the engine's order of rounding.
  private func witnessed(
    _ format: String?, _ parts: [EngineStage], _ tried: [Tried], _ probe: EngineStage, _ scope: PrecisionScope
  ) -> PrecisionFinding? {
    func best(_ format: Rounding.Format, _ extents: [Rounding.Extent]) -> Tried? {
      tried.filter { $0.rounding.format == format && extents.contains($0.rounding.extent) }
        .min { $0.error < $1.error }
    }
    let worst = parts.map(\.metrics.relL2).max() ?? .infinity
    if let format = format.flatMap(Rounding.Format.init(rawValue:)),
      let found = best(format, [.stored]), worst <= (format == .bf16 ? 0.03 : 0.004)
    {
      return PrecisionFinding(
        found.rounding, probe, after: found.error, scope: .all, isFolded: isFolded,
        note: "every value of its layers is a \(format.rawValue) number")
    }
    let large = parts.dropLast().compactMap { outputs.layer($0.name) }.filter { $0.values.count >= 1024 }
    if !large.isEmpty, large.allSatisfy({ $0.distinctValues <= 256 }), worst <= 0.5,
      let found = best(.i8, [.operands, .weights])
    {
      return PrecisionFinding(
        found.rounding, probe, after: found.error, scope: .all, isFolded: isFolded,
        note: "no layer's output has more than 256 different values")
    }
    return nil
  }
}
