internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTGoldens
internal import SWTThreads

/// A golden of a network with the model's shapes and other conventions: strides, dilations, pooling.
///
/// The weights fit both, so the golden is usable: what its conventions explain is a fault of the model.
struct ConventionContradiction<Source: WeightSource> {
  let golden: Golden
  /// The model's network.
  let tree: LayerTree
  let weights: Source
  let threads: ThreadPool
  let instructions: InstructionSet
  let k: Double?

  /// Whether the golden states other conventions than the model, epsilon aside.
  static func exists(_ golden: Golden, _ tree: LayerTree) -> Bool {
    !golden.architecture.isSameNetwork(as: tree.architecture)
  }

  /// Compares the model as it is with the golden, and if it fails, as the golden's conventions make it.
  func run(comparesLayers: Bool, _ report: inout GoldenReport) throws {
    report.comparisons = try compare(tree, comparesLayers)
    guard !report.passes else { return }
    let explained = try compare(LayerTree(golden.architecture), comparesLayers)
    let passes = explained.allSatisfy(\.passes)
    let differences = tree.architecture.differences(from: golden.architecture)
    report.causes = differences.map { difference in
      Cause(
        id: difference.id, text: difference.text, side: .computation,
        relL2Before: report.comparisons[0].metrics.relL2, relL2After: explained[0].metrics.relL2,
        explainsToTimesFloor: explained.map(\.timesFloor).max() ?? .infinity, isConfirmed: passes)
    }
  }

  /// The outputs of a network, compared with the golden's.
  private func compare(_ tree: LayerTree, _ comparesLayers: Bool) throws -> [GoldenReport.Comparison] {
    let judge = GoldenJudge(golden, tree, k: k)
    let packed = try PackedNetwork(tree, weights: weights, threads: threads, instructions: instructions)
    let engine = FastEngine(packed, threads: threads, instructions: instructions)
    let input = FeatureMap(shape: golden.input.shape, values: golden.input.floats())
    let names = Set(tree.tapNames)
    let taps = comparesLayers ? golden.taps.map(\.name).filter(names.contains) : []
    let result = try engine.run(input, taps: Set(taps))
    guard result.output.shape == golden.output.shape else {
      // Another size of the output is an error without measure.
      var metrics = ErrorMetrics(golden.output.reference, reference: golden.output.reference)
      (metrics.relL2, metrics.maxOverStd, metrics.maxAbs) = (.infinity, .infinity, .infinity)
      metrics.isBitExact = false
      return [
        .init(
          name: golden.output.name, metrics: metrics, criterion: judge.criterion(of: golden.output.name),
          labels: nil, isBitExact: false)
      ]
    }
    return judge.compare(result)
  }
}

extension Architecture {
  /// A convention that differs, as a cause.
  fileprivate struct Difference {
    let id: String
    let text: String
  }

  /// The conventions of the golden's network that are not this one's, in the order of the network.
  fileprivate func differences(from golden: Architecture) -> [Difference] {
    var found: [Difference] = []
    func add(_ id: String, _ what: String, _ ours: String, _ theirs: String) {
      guard ours != theirs else { return }
      found.append(Difference(id: id, text: "the model has \(what) \(ours), the golden \(theirs)"))
    }
    func list(_ values: [Int]) -> String { values.map(String.init).joined(separator: ",") }
    add("stem", "stem", stem.description, golden.stem.description)
    add("pool", "pool", pool?.description ?? "none", golden.pool?.description ?? "none")
    add("strides", "strides", list(strides), list(golden.strides))
    add("stride-moved", "stride_on", strideOn.rawValue, golden.strideOn.rawValue)
    add("dilations", "dilations", list(dilations), list(golden.dilations))
    add("first-dilations", "first_dilations", list(firstDilations), list(golden.firstDilations))
    add(
      "antialiasing", "antialiasing", antialiasing?.rawValue ?? "none",
      golden.antialiasing?.rawValue ?? "none")
    add("shortcut", "shortcut", shortcut.rawValue, golden.shortcut.rawValue)
    add("final-pool", "final_pool", finalPool.rawValue, golden.finalPool.rawValue)
    add("bn-eps", "BatchNorm eps", "\(epsilon)", "\(golden.epsilon)")
    return found
  }
}
