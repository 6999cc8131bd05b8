import ResNetArchitecture
import ResNetEngine
import SWTBytes
import SWTChecksums
import SWTDigests
import SWTGoldens
import SWTTensorFiles
internal import SWTThreads
import SWTVerification
import TestSupport
import Testing

/// The published networks at 224×224, with weights from a formula that Python and Swift compute exactly.
///
/// Release only: unoptimized kernels take minutes.
@Suite(.serialized) struct FullSizeTests {
  #if DEBUG
    static let networks: [String] = []
  #else
    static let networks = FormulaNetwork.names
  #endif

  /// Builds every tensor and checks that it equals PyTorch's.
  private func weights(_ network: FormulaNetwork) throws -> WeightTable {
    var table = WeightTable()
    for tensor in network.tensors {
      let values = try network.values(tensor)
      let digest = SystemDigests().sha256(ElementCoding.bytes(values)).hex
      #expect(digest == tensor.sha256, "\(tensor.name)")
      table.tensors[tensor.name] = ContiguousArray(values)
    }
    return table
  }

  private func goldens(_ name: String) throws -> [Golden] {
    let folder = Fixtures.path("goldens/\(name)")
    let names = ["image-224-a", "image-224-b"] + (name == "resnext50_32x4d" ? ["odd-225x223"] : [])
    return try names.map { try GoldenFile.read(FileSource(path: "\(folder)/\($0).golden.safetensors")) }
  }

  @Test(arguments: networks)
  func `every golden is reproduced within PyTorch's own noise floor`(name: String) throws {
    let network = try FormulaNetwork(name)
    let tree = LayerTree(network.architecture)
    let weights = try weights(network)
    let threads = ThreadPool()
    let packed = try PackedNetwork(tree, weights: weights, threads: threads)
    let engine = FastEngine(packed, threads: threads)
    for golden in try goldens(name) {
      #expect(golden.architecture.isSameNetwork(as: network.architecture))
      let result = try GoldenCheck(engine: engine, golden: golden).run()
      #expect(result.comparisons.count == golden.taps.count + 1)
      for comparison in result.comparisons {
        #expect(
          comparison.passes,
          "\(golden.name)/\(comparison.name): \(comparison.timesFloor) floors, \(comparison.metrics)")
      }
    }
    guard name == "resnext50_32x4d", let golden = try goldens(name).first else { return }
    // Second check: double precision, plain loops, BatchNorm not folded.
    let reference = ReferenceEngine(tree, weights: weights, threads: threads)
    let witness = try GoldenCheck(engine: reference, golden: golden).run()
    #expect(witness.comparisons[0].metrics.relL2 < 1e-12)
    for precision in [ComputePrecision.bf16, .i8] {
      try requireAgreement(precision, tree, weights, golden, threads)
    }
  }

  /// Reduced precision: as far from the golden as its emulation, and equal to it in every stage.
  private func requireAgreement(
    _ precision: ComputePrecision, _ tree: LayerTree, _ weights: WeightTable, _ golden: Golden,
    _ threads: ThreadPool
  ) throws {
    let emulation = try ReferenceEngine(tree, weights: weights, threads: threads, emulating: precision)
    let wide = FastEngine(try PackedNetwork(tree, weights: weights, threads: threads), threads: threads)
    let packed = try PackedNetwork(tree, weights: weights, threads: threads, precision: precision)
    let engine = FastEngine(packed, threads: threads)
    var input = FeatureMap(shape: golden.input.shape, values: golden.input.floats())
    let emulated = try emulation.run(input, taps: Set(tree.tapNames))
    let expected = GoldenCheck(engine: emulation, golden: golden).compare(emulated)
    let result = try GoldenCheck(engine: engine, golden: golden).run().comparisons
    for (actual, expected) in zip(result, expected) where actual.metrics.relL2 > 1e-5 {
      #expect(actual.metrics.relL2 < 2 * expected.metrics.relL2, "\(precision) \(actual.name)")
    }
    for stage in tree.tapNames {
      let map = try #require(emulated.taps[stage])
      let agreement = StageAgreement(
        stage: stage, engine: try engine.runStage(stage, input).output.values,
        float32: try wide.runStage(stage, input).output.values, emulation: map.values)
      #expect(agreement.passes, "\(precision) \(stage) \(agreement.difference) of \(agreement.allowed)")
      input = map.converted()
    }
  }
}
