import EngineTestSupport
import ResNetArchitecture
import ResNetEngine
internal import SWTThreads
import SWTVerification
import Testing

/// A fault in an engine of reduced numbers, as wrong weights that only the engine has, must stand out of the
/// noise that the rounding makes.
@Suite struct StageAgreementTests {
  static let threads = ThreadPool(count: 2)

  enum Fault: String, CaseIterable, Sendable {
    case none, signs, swappedNorms, halvedScale, oneFilter
  }

  private static func damage(_ table: WeightTable, _ unit: ConvolutionUnit, _ fault: Fault) -> WeightTable {
    var table = table
    let (name, norm) = ("\(unit.name).weight", unit.normName)
    let filter = unit.weightShape.dropFirst().reduce(1, *)
    func change(_ name: String, _ range: Range<Int>, _ body: (Float) -> Float) {
      var values = table.tensors[name] ?? []
      for i in range { values[i] = body(values[i]) }
      table.tensors[name] = values
    }
    switch fault {
    case .none: break
    case .signs: change(name, 0..<filter * unit.outputChannels) { -$0 }
    case .swappedNorms:
      let weight = table.tensors["\(norm).weight"]
      table.tensors["\(norm).weight"] = table.tensors["\(norm).running_var"]
      table.tensors["\(norm).running_var"] = weight
    case .halvedScale: change("\(norm).weight", 0..<unit.outputChannels) { $0 / 2 }
    case .oneFilter: change(name, 0..<filter) { _ in 0 }
    }
    return table
  }

  @Test(arguments: [ComputePrecision.bf16, .i8], Fault.allCases)
  func `every layer that is wrong in the engine alone is found`(precision: ComputePrecision, fault: Fault)
    throws
  {
    let architecture = Architecture(
      block: .bottleneck, layers: [1, 2, 1, 1], groups: 4, widthPerGroup: 4, classCount: 10, basePlanes: 64)
    let tree = LayerTree(architecture)
    let weights = tree.randomWeights(seed: 41)
    let emulation = try ReferenceEngine(tree, weights: weights, threads: Self.threads, emulating: precision)
    let wide = FastEngine(
      try PackedNetwork(tree, weights: weights, threads: Self.threads), threads: Self.threads)
    for block in tree.blocks {
      let map = FeatureMap<Float>.random([1, block.inputChannels, 14, 13], seed: 42)
      let input = FeatureMap(shape: map.shape, values: map.values.map { max(0, $0) })
      let expected = try emulation.runStage(block.name, input).output.values
      let float32 = try wide.runStage(block.name, input).output.values
      for unit in block.body + [block.downsample].compactMap(\.self) {
        let network = try PackedNetwork(
          tree, weights: Self.damage(weights, unit, fault), threads: Self.threads, precision: precision)
        let engine = FastEngine(network, threads: Self.threads)
        let agreement = StageAgreement(
          stage: block.name, engine: try engine.runStage(block.name, input).output.values, float32: float32,
          emulation: expected)
        #expect(
          agreement.passes == (fault == .none),
          "\(unit.name) \(agreement.difference) of \(agreement.allowed), \(agreement.cost)")
      }
    }
  }

  @Test func `what is not finite never agrees`() {
    let agreement = StageAgreement(stage: "a", engine: [1, .nan], float32: [1, 2], emulation: [1, 2])
    #expect(!agreement.passes)
  }
}
