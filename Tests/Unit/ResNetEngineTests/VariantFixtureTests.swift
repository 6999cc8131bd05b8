import EngineTestSupport
import ResNetArchitecture
import ResNetEngine
internal import SWTThreads
import TestSupport
import Testing

/// Both engines against timm, transformers and torchvision: networks with other stems, shortcuts, gates, strides and
/// dilation.
@Suite struct VariantFixtureTests {
  private static let threads = ThreadPool(count: 2)

  private static func table(_ network: VariantNetwork) throws -> WeightTable {
    WeightTable(try network.weights().mapValues { ContiguousArray($0.values) })
  }

  @Test func `every network of the file is there`() {
    #expect(VariantNetwork.all.count == 14)
  }

  @Test(arguments: VariantNetwork.all)
  func `the layer tree has the library's tensors, in its order`(network: VariantNetwork) throws {
    let tree = LayerTree(network.architecture)
    let names = tree.parameters.filter { !$0.isOptional }.map(\.name)
    // transformers lists a block's shortcut before its layers.
    let sorts = network.producer == "transformers"
    #expect(sorts ? names.sorted() == network.keys.sorted() : names == network.keys)
  }

  @Test(arguments: VariantNetwork.all)
  func `shapes tell all but strides and dilation`(network: VariantNetwork) throws {
    var visible = network.architecture
    visible.strideOn = .conv2
    visible.dilations = visible.layers.map { _ in 1 }
    visible.firstDilations = visible.dilations
    let shapes = try network.weights().mapValues(\.shape)
    #expect(try Architecture.inferred(from: shapes) == visible)
  }

  @Test(arguments: VariantNetwork.all)
  func `the double engine agrees with the library's float64`(network: VariantNetwork) throws {
    let tree = LayerTree(network.architecture)
    let engine = ReferenceEngine(tree, weights: try Self.table(network), threads: Self.threads)
    let input = FeatureMap(shape: network.inputShape, values: network.input)
    let result = try engine.run(input, taps: Set(network.taps.map(\.name)))
    if let logits = network.logits { #expect(relativeError(result.output.values, logits) < 1e-12) }
    #expect(network.taps.count >= tree.blocks.count)
    for tap in network.taps {
      let found = try #require(result.taps[tap.name])
      #expect(found.shape == tap.shape, "\(tap.name)")
      let norm = found.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
      #expect(abs(norm - tap.norm) <= 1e-12 * tap.norm, "\(tap.name)")
      let unit = VariantNetwork.units(found.values.count)
      let product = zip(found.values, unit).reduce(0) { $0 + $1.0 * Double($1.1) }
      let length = unit.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      #expect(abs(product - tap.product) <= 1e-12 * tap.norm * length, "\(tap.name)")
    }
  }

  /// The rule of verification: eight times what the library's own float32 is off.
  @Test(arguments: VariantNetwork.all, EngineTests.supported)
  func `the fast engine is as close as the library's float32`(network: VariantNetwork, isa: InstructionSet)
    throws
  {
    let tree = LayerTree(network.architecture)
    let weights = try Self.table(network)
    let packed = try PackedNetwork(tree, weights: weights, threads: Self.threads, instructions: isa)
    let engine = FastEngine(packed, threads: Self.threads, instructions: isa)
    let input = FeatureMap(shape: network.inputShape, values: network.input)
    let output = try engine.run(input).output.values.map(Double.init)
    let expected =
      try network.logits
      ?? ReferenceEngine(tree, weights: weights, threads: Self.threads).run(input).output.values
    #expect(relativeError(output, expected) <= 8 * network.float32Error)
  }

  /// Root mean square over sixteen images. The ratio of a single image with a few logits is chance: 0.6 to 1.7,
  /// whichever layers are left to multiply-adds.
  @Test func `float32 by products of tiles is as close to float64 as by multiply-adds`() throws {
    let sets = [EngineTests.vectors[EngineTests.vectors.count - 1], .amxEmulated]
    let ratios = try VariantNetwork.all.map { network -> Double in
      let tree = LayerTree(network.architecture)
      let weights = try Self.table(network)
      let reference = ReferenceEngine(tree, weights: weights, threads: Self.threads)
      let count = network.input.count
      let values = VariantNetwork.units(16 * count).map { 2 * $0 }
      let images = stride(from: 0, to: values.count, by: count).map {
        FeatureMap(shape: network.inputShape, values: Array(values[$0..<$0 + count]))
      }
      let expected = try images.map { try reference.run($0).output.values }
      let squares = try sets.map { isa in
        let packed = try PackedNetwork(
          tree, weights: weights, threads: Self.threads, instructions: isa, height: network.inputShape[2],
          width: network.inputShape[3])
        let engine = FastEngine(packed, threads: Self.threads)
        return try zip(images, expected).reduce(0) { sum, pair in
          let error = relativeError(try engine.run(pair.0).output.values.map(Double.init), pair.1)
          return sum + error * error
        }
      }
      return (squares[1] / squares[0]).squareRoot()
    }.sorted()
    #expect(ratios[ratios.count / 2] <= 1 && ratios[ratios.count - 1] <= 1.25, "\(ratios)")
  }
}

/// `‖a − b‖ / ‖b‖`.
private func relativeError(_ a: [Double], _ b: [Double]) -> Double {
  guard a.count == b.count else { return .infinity }
  let difference = zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  return (difference / b.reduce(0) { $0 + $1 * $1 }).squareRoot()
}
