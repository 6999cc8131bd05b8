import EngineTestSupport
import ResNetArchitecture
import ResNetEngine
internal import SWTThreads
import Testing

/// Images of a batch that go through the network side by side, and together through its late stages.
@Suite struct BatchTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var small: SmallCase
    var precision: ComputePrecision
    var isa: InstructionSet
    var testDescription: String { "\(small), \(precision), \(isa)" }

    static let all = [0, 6, 9, 12].flatMap { index in
      ComputePrecision.allCases.flatMap { precision in
        [EngineTests.vectors[EngineTests.vectors.count - 1], .amxEmulated].map {
          Case(small: SmallCase.all[index], precision: precision, isa: $0)
        }
      }
    }
  }

  @Test(arguments: Case.all)
  func `an image has the same bits in any batch, on any number of threads`(one: Case) throws {
    let (small, precision) = (one.small, one.precision)
    let tree = LayerTree(small.architecture)
    let maker = ThreadPool(count: 2)
    let network = try PackedNetwork(
      tree, weights: tree.randomWeights(seed: 7), threads: maker, instructions: one.isa, precision: precision)
    let taps: Set<String> = [tree.tapNames[0], tree.tapNames[tree.tapNames.count / 2], tree.outputName]
    let images = FeatureMap<Float>.random([11, 3, 19, 23], seed: 8)
    let size = images.values.count / 11
    func part(_ range: Range<Int>) -> FeatureMap<Float> {
      FeatureMap(
        shape: [range.count, 3, 19, 23],
        values: Array(images.values[range.lowerBound * size..<range.upperBound * size]))
    }
    let alone = try (0..<11).map {
      try FastEngine(network, height: 19, width: 23, threads: maker).run(part($0..<$0 + 1), taps: taps)
    }
    for threads in [1, 2, 4] {
      let engine = FastEngine(network, height: 19, width: 23, threads: ThreadPool(count: threads))
      // Larger and smaller ones in turns: the plan for one serves the other.
      for batch in [2, 11, 3, 8, 1] {
        let result = try engine.run(part(0..<batch), taps: taps)
        #expect(result.output.values == alone[..<batch].flatMap(\.output.values), "\(batch) on \(threads)")
        for tap in taps {
          let expected = try alone[..<batch].flatMap { try #require($0.taps[tap]).values }
          #expect(result.taps[tap]?.values == expected, "\(tap), \(batch) on \(threads)")
        }
        var again = FeatureMap<Float>(shape: [0])
        try engine.run(part(0..<batch), into: &again)
        #expect(again == result.output)
      }
    }
  }

  @Test(arguments: Case.all)
  func `a stage alone computes each image of a batch`(one: Case) throws {
    let tree = LayerTree(one.small.architecture)
    let threads = ThreadPool(count: 1)
    let network = try PackedNetwork(
      tree, weights: tree.randomWeights(seed: 7), threads: threads, instructions: one.isa,
      precision: one.precision)
    let engine = FastEngine(network, height: 19, width: 23, threads: threads)
    let images = FeatureMap<Float>.random([3, 3, 19, 23], seed: 8)
    let taps = try engine.run(images, taps: Set(tree.tapNames)).taps
    var input = images
    for stage in tree.tapNames {
      let expected = try #require(taps[stage])
      #expect(try engine.runStage(stage, input).output == expected, "\(stage)")
      input = expected
    }
  }

  @Test(arguments: [1, 3], [EngineTests.vectors[EngineTests.vectors.count - 1], .amxEmulated])
  func `images that do not fit the strides are refused, alone and in a batch`(
    threads: Int, isa: InstructionSet
  ) throws {
    var architecture = Architecture(
      block: .basic, layers: [1, 1, 1, 1], classCount: 5, basePlanes: 32)
    (architecture.pool, architecture.antialiasing) = (nil, .average)
    let tree = LayerTree(architecture)
    let pool = ThreadPool(count: threads)
    let network = try PackedNetwork(
      tree, weights: tree.randomWeights(seed: 7), threads: pool, instructions: isa, height: 32, width: 32)
    let engine = FastEngine(network, height: 32, width: 32, threads: pool)
    let fitting = FeatureMap<Float>.random([3, 3, 32, 48], seed: 8)
    let expected = try engine.run(fitting).output
    // 34 / 2 is odd, and an average over two rows drops the last, unlike the shortcut.
    let wrong = InferenceError.imageTooSmall(height: 34, width: 48)
    for batch in [1, 3] {
      let input = FeatureMap<Float>(shape: [batch, 3, 34, 48])
      var output = expected
      #expect(throws: wrong) { try engine.run(input) }
      #expect(throws: wrong) { try engine.run(input, into: &output) }
      #expect(throws: wrong) { try engine.profile(input, runs: 1) }
      #expect(output == expected)
    }
    // No image has such an output of the stem that the next stages take.
    #expect(throws: InferenceError.self) {
      try engine.runStage("layer2.0", FeatureMap(shape: [3, 32, 17, 24]))
    }
    // The plan of before is kept.
    #expect(try engine.run(fitting).output == expected)
  }

  @Test func `the memory of a batch is bounded`() throws {
    let tree = LayerTree(try #require(Architecture.named("resnet18")))
    let threads = ThreadPool(count: 2)
    let network = try PackedNetwork(tree, weights: tree.randomWeights(seed: 1), threads: threads)
    func bytes(_ batch: Int) throws -> Int {
      let engine = FastEngine(network, height: 64, width: 64, threads: threads)
      _ = try engine.run(FeatureMap(shape: [batch, 3, 64, 64]))
      return engine.arenaBytes
    }
    #expect(try bytes(64) == bytes(16))
    #expect(try bytes(16) < 20 * bytes(1))
  }
}
