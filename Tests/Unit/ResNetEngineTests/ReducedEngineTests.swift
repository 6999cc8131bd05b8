import EngineTestSupport
import ResNetArchitecture
import ResNetEngine
internal import SWTThreads
import Testing

/// Engines of bfloat16 and 8-bit integers against the double-precision engine that rounds where they do.
@Suite struct ReducedEngineTests {
  static let threads = ThreadPool(count: 2)
  static let supported = EngineTests.supported
  static let precisions: [ComputePrecision] = [.bf16, .i8]

  struct Subject {
    var tree: LayerTree
    var weights: WeightTable
    var networks: [InstructionSet: PackedNetwork] = [:]
    var precision: ComputePrecision
    var input: FeatureMap<Float>

    init(_ small: SmallCase, _ precision: ComputePrecision) throws {
      tree = LayerTree(small.architecture)
      weights = tree.randomWeights(seed: 7)
      self.precision = precision
      for isa in ReducedEngineTests.supported {
        networks[isa] = try PackedNetwork(
          tree, weights: weights, threads: ReducedEngineTests.threads, instructions: isa,
          precision: precision,
          height: small.height, width: small.width)
      }
      input = .random([small.batch, 3, small.height, small.width], seed: 8)
    }

    func fast(_ isa: InstructionSet, threads: ThreadPool = ReducedEngineTests.threads) throws -> FastEngine {
      FastEngine(try #require(networks[isa]), height: 8, width: 8, threads: threads)
    }
    func emulation(_ isa: InstructionSet) throws -> ReferenceEngine<WeightTable> {
      try ReferenceEngine(
        tree, weights: weights, threads: ReducedEngineTests.threads, emulating: precision, on: isa)
    }
    var exact: ReferenceEngine<WeightTable> {
      ReferenceEngine(tree, weights: weights, threads: ReducedEngineTests.threads)
    }
  }

  @Test(arguments: SmallCase.all + SmallCase.variants, precisions)
  func `each stage agrees with the emulation fed with the same`(
    small: SmallCase, precision: ComputePrecision
  ) throws {
    let subject = try Subject(small, precision)
    for isa in Self.supported {
      let emulation = try subject.emulation(isa)
      let taps = try emulation.run(subject.input, taps: Set(subject.tree.tapNames)).taps
      let engine = try subject.fast(isa)
      var input = subject.input
      for stage in subject.tree.tapNames {
        let alone = try engine.runStage(stage, input).output
        let expected = try emulation.runStage(stage, input).output
        let error = relativeError(alone, expected)
        #expect(error < 2e-3, "\(isa) \(stage)")
        input = try #require(taps[stage]).converted()
      }
    }
  }

  @Test(arguments: SmallCase.all, precisions)
  func `the whole is as far from exact as the emulation`(small: SmallCase, precision: ComputePrecision) throws
  {
    let subject = try Subject(small, precision)
    let exact = try subject.exact.run(subject.input).output
    for isa in Self.supported {
      let emulated = try subject.emulation(isa).run(subject.input).output
      let expected = relativeError(emulated.converted(), exact)
      let error = relativeError(try subject.fast(isa).run(subject.input).output, exact)
      #expect(error < 2 * expected && error > expected / 2)
    }
  }

  @Test(arguments: SmallCase.all)
  func `integer sums make all instruction sets agree bit for bit`(small: SmallCase) throws {
    // The stem and the classifier are float32, where the portable form rounds twice.
    let subject = try Subject(small, .i8)
    for block in subject.tree.blocks {
      let input = FeatureMap<Float>.random([1, block.inputChannels, 11, 9], seed: 9)
      let positive = FeatureMap(shape: input.shape, values: input.values.map { max(0, $0) })
      let outputs = try Self.supported.map { try subject.fast($0).runStage(block.name, positive).output }
      #expect(Set(outputs).count == 1, "\(block.name)")
    }
  }

  @Test(arguments: SmallCase.all + SmallCase.variants, precisions)
  func `thread counts and batches give the same bits`(small: SmallCase, precision: ComputePrecision) throws {
    let subject = try Subject(small, precision)
    for isa in [EngineTests.vectors[EngineTests.vectors.count - 1], .amxEmulated] {
      let whole = try subject.fast(isa).run(subject.input).output
      for count in [1, 3] {
        let again = try subject.fast(isa, threads: ThreadPool(count: count)).run(subject.input).output
        #expect(again == whole)
      }
      let size = subject.input.values.count / small.batch
      let singles = try (0..<small.batch).flatMap { image in
        let values = Array(subject.input.values[image * size..<(image + 1) * size])
        let input = FeatureMap(shape: [1] + subject.input.shape.dropFirst(), values: values)
        return try subject.fast(isa).run(input).output.values
      }
      #expect(singles == whole.values)
    }
  }

  @Test(arguments: precisions, supported)
  func `NaN and infinity come out as what is not finite`(precision: ComputePrecision, isa: InstructionSet)
    throws
  {
    let subject = try Subject(SmallCase.all[0], precision)
    for value in [Float.nan, .infinity] {
      var input = subject.input
      input.values[500] = value
      let values = try subject.fast(isa).run(input).output.values
      #expect(values.allSatisfy { !$0.isFinite })
      // In the middle of the network too, where it is an input of reduced convolutions.
      let block = subject.tree.blocks[1]
      var map = FeatureMap<Float>(shape: [1, block.inputChannels, 6, 6])
      map.values[17] = value
      let output = try subject.fast(isa).runStage(block.name, map).output.values
      #expect(output.contains { !$0.isFinite })
      if precision == .i8 { #expect(output.allSatisfy { $0.isNaN }) }
    }
  }

  @Test(arguments: precisions, supported)
  func `an input of zeros is no special case`(precision: ComputePrecision, isa: InstructionSet) throws {
    let subject = try Subject(SmallCase.all[0], precision)
    let block = subject.tree.blocks[0]
    let map = FeatureMap<Float>(shape: [1, block.inputChannels, 6, 6])
    let output = try subject.fast(isa).runStage(block.name, map).output
    let expected = try subject.emulation(isa).runStage(block.name, map).output
    #expect(relativeError(output, expected) < 5e-3)
  }

  @Test func `integers that a source holds are used as they are`() throws {
    // Not made by our own rule: the largest integer of a filter is not 127, and -128 is there.
    let small = SmallCase.all[0]
    let tree = LayerTree(small.architecture)
    let table = tree.randomWeights(seed: 21)
    let kept = "layer2.0.conv1"
    let source = IntegerSource(
      table: table, names: Set(tree.convolutions.map(\.name)).subtracting(["conv1", kept]))
    let network = try PackedNetwork(tree, weights: source, threads: Self.threads, precision: .i8)
    let engine = FastEngine(network, threads: Self.threads)
    let emulation = try ReferenceEngine(tree, weights: source, threads: Self.threads, emulating: .i8)
    for block in tree.blocks {
      let input = FeatureMap<Float>.random([1, block.inputChannels, 12, 10], seed: 22)
      let positive = FeatureMap(shape: input.shape, values: input.values.map { max(0, $0) })
      let expected = try emulation.runStage(block.name, positive, taps: ["\(block.name).conv1"])
      let result = try engine.runStage(block.name, positive, taps: ["\(block.name).conv1"])
      #expect(relativeError(result.output, expected.output) < 5e-3)
      // The first convolution reads the very input: integers alone, or float32 where the layer was kept wide.
      let (x, y) = (result.taps["\(block.name).conv1"], expected.taps["\(block.name).conv1"])
      let error = relativeError(try #require(x), try #require(y))
      #expect(error < 1e-5)
    }
  }
}

/// Some layers as integers of an odd kind.
struct IntegerSource: WeightSource {
  var table: WeightTable
  var names: Set<String>

  func holds(_ name: String) -> Bool { table.holds(name) }

  func integers(_ name: String) throws -> QuantizedFilters? {
    guard names.contains(String(name.dropLast(".weight".count))), let values = table.tensors[name] else {
      return nil
    }
    let integers = values.indices.map { i in i == 0 ? Int8(-128) : Int8((values[i] * 90).rounded()) }
    return QuantizedFilters(
      values: ContiguousArray(integers), scales: [Double](repeating: 1 / 90, count: count(name)))
  }

  private func count(_ name: String) -> Int {
    let norm = name.replacing("downsample.0.weight", with: "downsample.1").replacing("conv", with: "bn")
    return (table.tensors[norm] ?? table.tensors["\(norm).weight"])?.count ?? 0
  }

  func withFloats<Result>(_ name: String, _ body: (Span<Float>) throws -> Result) throws -> Result {
    guard let filters = try integers(name) else { return try table.withFloats(name, body) }
    let size = filters.values.count / filters.scales.count
    let floats = ContiguousArray(
      filters.values.indices.map { Float(Double(filters.values[$0]) * filters.scales[$0 / size]) })
    return try body(floats.span)
  }
}
