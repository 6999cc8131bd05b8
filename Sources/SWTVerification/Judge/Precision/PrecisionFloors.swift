internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTGoldens
internal import SWTTensors

/// The errors that narrower weights cost: the golden's own floors, or computed where it states none.
struct PrecisionFloors<Source: WeightSource> {
  let judge: GoldenJudge
  let weights: Source
  let network: ChangingNetwork
  let input: FeatureMap<Float>

  /// The most floors of a precision that its outputs may have: operands and results that are rounded, too,
  /// cost up to three times what weights cost.
  static var allowedMultiple: Double { 3 }

  /// The same if the cause is certain: what is rounded beside the weights may cost more than they do.
  static var multipleForCertain: Double { 8 }

  /// The bound of every output and tap for a class; nil for one without floors.
  func criteria(
    _ engineClass: EngineClass, _ names: [String], isCertain: Bool
  ) throws -> [String: Criterion]? {
    guard let floors = try floors(engineClass) else { return nil }
    var criteria: [String: Criterion] = [:]
    for name in names {
      guard let floor = floors[name] ?? floors[judge.golden.output.name] else { continue }
      var criterion = Criterion(
        floorRelL2: floor.relL2, floorMax: floor.maxOverStd,
        k: isCertain ? Self.multipleForCertain : Self.allowedMultiple)
      criterion.ceiling = .infinity
      criteria[name] = criterion
    }
    return criteria
  }

  private func floors(_ engineClass: EngineClass) throws -> [String: Golden.Floor]? {
    let key: String
    switch engineClass {
    case .tf32, .f16: key = "f16"
    case .bf16, .i8: key = engineClass.rawValue
    case .bitExact, .fp32, .wrong: return nil
    }
    if let stated = judge.golden.floors.precision[key], !stated.isEmpty,
      judge.loosest == nil
    {
      return stated
    }
    return try computed(engineClass)
  }

  /// The errors of this program with rounded weights.
  private func computed(_ engineClass: EngineClass) throws -> [String: Golden.Floor] {
    let tree = judge.tree
    let layers = tree.tapNames.flatMap { tree.layers(of: $0) }
    let source = AlteredWeights(weights, NarrowWeights.changes(tree, engineClass))
    let result = Result {
      for layer in layers { try network.repack(layer, from: source) }
      return try network.engine.run(input, taps: Set(tree.tapNames))
    }
    for layer in layers { try network.repack(layer, from: weights) }
    let output = try result.get()
    return Dictionary(
      judge.compare(output).map {
        ($0.name, .init(relL2: $0.metrics.relL2, maxOverStd: $0.metrics.maxOverStd))
      },
      uniquingKeysWith: { first, _ in first })
  }
}
