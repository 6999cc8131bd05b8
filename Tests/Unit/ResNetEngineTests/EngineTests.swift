import EngineTestSupport
import ResNetArchitecture
import ResNetEngine
internal import SWTThreads
import Testing

/// A small network and an image size.
struct SmallCase: CustomTestStringConvertible, Sendable {
  var testDescription: String
  var architecture: Architecture
  var height = 33
  var width = 47
  var batch = 1

  static let all: [SmallCase] = [
    SmallCase(testDescription: "groups of 4, 8, 16, 32", architecture: net(groups: 4, width: 4, base: 64)),
    SmallCase(testDescription: "narrow stem, groups of 1, 2, 4, 8", architecture: net(groups: 8, width: 8)),
    SmallCase(
      testDescription: "groups of 16, 32, 64, 128", architecture: net(groups: 2, width: 16, base: 64)),
    SmallCase(testDescription: "groups of 3, 6, 12, 24", architecture: net(groups: 5, width: 24)),
    SmallCase(testDescription: "groups of 5, 10, 20, 40", architecture: net(groups: 3, width: 40)),
    SmallCase(
      testDescription: "groups of 48",
      architecture: net(groups: 3, width: 48, base: 64, layers: [1, 0, 0, 0])),
    SmallCase(testDescription: "dense 3x3", architecture: net(groups: 1, width: 64, base: 16)),
    SmallCase(testDescription: "wide dense 3x3", architecture: net(groups: 1, width: 128, base: 24)),
    SmallCase(testDescription: "basic", architecture: basic(base: 16)),
    SmallCase(testDescription: "basic, 12 channels, headless", architecture: basic(base: 12, classes: nil)),
    SmallCase(testDescription: "stem unlike base", architecture: stem(40)),
    SmallCase(
      testDescription: "headless, batch", architecture: net(groups: 4, width: 16, classes: nil), batch: 3),
    SmallCase(testDescription: "one pixel", architecture: net(groups: 8, width: 8), height: 1, width: 1),
    SmallCase(testDescription: "a row", architecture: basic(base: 8), height: 1, width: 70),
    SmallCase(
      testDescription: "odd, batch", architecture: net(groups: 4, width: 16), height: 65, width: 63, batch: 2),
    SmallCase(testDescription: "225x223", architecture: net(groups: 8, width: 8), height: 225, width: 223),
  ]

  private static func net(
    groups: Int, width: Int, base: Int = 16, layers: [Int] = [1, 2, 1, 1], classes: Int? = 10
  ) -> Architecture {
    Architecture(
      block: .bottleneck, layers: layers, groups: groups, widthPerGroup: width, classCount: classes,
      basePlanes: base)
  }
  private static func basic(base: Int, classes: Int? = 7) -> Architecture {
    Architecture(block: .basic, layers: [2, 1, 1, 2], classCount: classes, basePlanes: base)
  }
  private static func stem(_ channels: Int) -> Architecture {
    Architecture(block: .basic, layers: [1, 1, 1, 1], classCount: 5, basePlanes: 16, stemChannels: channels)
  }
}

@Suite struct EngineTests {
  static let threads = ThreadPool(count: 2)
  /// What runs here, and AMX in emulation.
  static let supported = InstructionSet.allCases.filter(\.isSupported) + [.amxEmulated]
  /// Those without tiles.
  static let vectors = supported.filter { $0 != .amx && $0 != .amxEmulated }

  struct Subject {
    var tree: LayerTree
    var weights: WeightTable
    /// For sets without tiles, and for those with.
    var network, tiles: PackedNetwork
    var input: FeatureMap<Float>

    init(_ small: SmallCase) throws {
      tree = LayerTree(small.architecture)
      weights = tree.randomWeights(seed: 7)
      network = try PackedNetwork(
        tree, weights: weights, threads: EngineTests.threads, instructions: .portable)
      tiles = try PackedNetwork(
        tree, weights: weights, threads: EngineTests.threads, instructions: .amxEmulated,
        height: small.height,
        width: small.width)
      input = .random([small.batch, 3, small.height, small.width], seed: 8)
    }

    func fast(_ isa: InstructionSet, threads: ThreadPool = EngineTests.threads) -> FastEngine {
      let isTiles = isa == .amx || isa == .amxEmulated
      return FastEngine(
        isTiles ? tiles : network, height: 8, width: 8, threads: threads, instructions: isa)
    }
    var reference: ReferenceEngine<WeightTable> {
      ReferenceEngine(tree, weights: weights, threads: EngineTests.threads)
    }
    /// Every tap that the fast engine can give.
    var taps: Set<String> {
      let last = Set(tree.blocks.filter { $0.attention == nil }.compactMap { $0.body.last?.name })
      return Set(tree.tapNames + tree.convolutions.map(\.name)).subtracting(last)
    }
  }

  @Test(arguments: SmallCase.all + SmallCase.variants, supported)
  func `fast engine agrees with the reference in every tap`(small: SmallCase, isa: InstructionSet) throws {
    let subject = try Subject(small)
    let fast = try subject.fast(isa).run(subject.input, taps: subject.taps)
    let reference = try subject.reference.run(subject.input, taps: subject.taps)
    #expect(Set(fast.taps.keys) == subject.taps)
    for tap in subject.taps {
      let (x, y) = (try #require(fast.taps[tap]), try #require(reference.taps[tap]))
      #expect(relativeError(x, y) < 5e-6, "\(tap) \(x.shape) \(y.shape)")
    }
    #expect(relativeError(fast.output, reference.output) < 5e-6)
  }

  @Test(arguments: SmallCase.all + SmallCase.variants)
  func `instruction sets with fused multiply-add agree bit for bit`(small: SmallCase) throws {
    let subject = try Subject(small)
    func outputs(_ sets: [InstructionSet]) throws -> Set<FeatureMap<Float>> {
      Set(try sets.map { try subject.fast($0).run(subject.input).output })
    }
    #expect(try outputs(Self.vectors.filter { $0 != .portable }).count <= 1)
    #expect(try outputs(Self.supported.filter { !Self.vectors.contains($0) }).count == 1)
  }

  @Test(arguments: SmallCase.all + SmallCase.variants, [vectors[vectors.count - 1], .amxEmulated])
  func `thread counts and batches give the same bits`(small: SmallCase, isa: InstructionSet) throws {
    let subject = try Subject(small)
    let whole = try subject.fast(isa).run(subject.input).output
    for count in [1, 3] {
      #expect(try subject.fast(isa, threads: ThreadPool(count: count)).run(subject.input).output == whole)
    }
    let size = subject.input.values.count / small.batch
    let singles = try (0..<small.batch).flatMap { image in
      let values = Array(subject.input.values[image * size..<(image + 1) * size])
      return try subject.fast(isa).run(
        FeatureMap(shape: [1] + subject.input.shape.dropFirst(), values: values)
      ).output.values
    }
    #expect(singles == whole.values)
  }

  @Test(arguments: SmallCase.all + SmallCase.variants, [vectors[vectors.count - 1], .amxEmulated])
  func `a stage alone gives what it gives in the whole`(small: SmallCase, isa: InstructionSet) throws {
    let subject = try Subject(small)
    let engine = subject.fast(isa)
    let taps = try engine.run(subject.input, taps: Set(subject.tree.tapNames)).taps
    let fresh = subject.fast(isa)
    var input = subject.input
    for stage in subject.tree.tapNames {
      let alone = try fresh.runStage(stage, input)
      let expected = try #require(taps[stage])
      #expect(alone.output == expected, "\(stage)")
      let reference = try subject.reference.runStage(stage, input)
      #expect(relativeError(alone.output, reference.output) < 2e-6, "\(stage)")
      input = expected
    }
  }

  @Test func `folded weights give the same as separate BatchNorm`() throws {
    let subject = try Subject(SmallCase.all[1])
    var folded = WeightTable(subject.weights.tensors)
    for unit in subject.tree.convolutions {
      let table = subject.weights.tensors
      let norm = try ["weight", "bias", "running_mean", "running_var"].map {
        try #require(table["\(unit.normName).\($0)"])
      }
      var weights = try #require(table["\(unit.name).weight"])
      let depth = weights.count / unit.outputChannels
      var bias = norm[1]
      for o in 0..<unit.outputChannels {
        let scale = Double(norm[0][o]) / (Double(norm[3][o]) + 1e-5).squareRoot()
        bias[o] = Float(Double(norm[1][o]) - Double(norm[2][o]) * scale)
        for i in 0..<depth { weights[o * depth + i] = Float(Double(weights[o * depth + i]) * scale) }
      }
      folded.tensors["\(unit.name).weight"] = weights
      folded.tensors["\(unit.name).bias"] = bias
      for leaf in ["weight", "bias", "running_mean", "running_var"] {
        folded.tensors["\(unit.normName).\(leaf)"] = nil
      }
    }
    for isa in Self.supported {
      let network = try PackedNetwork(
        subject.tree, weights: folded, threads: Self.threads, instructions: isa,
        height: subject.input.shape[2],
        width: subject.input.shape[3])
      let engine = FastEngine(network, threads: Self.threads)
      #expect(try engine.run(subject.input) == subject.fast(isa).run(subject.input), "\(isa)")
    }
    let reference = ReferenceEngine(subject.tree, weights: folded, threads: Self.threads)
    let expected = try subject.reference.run(subject.input).output
    #expect(relativeError(try reference.run(subject.input).output.converted(), expected) < 1e-6)
  }

  @Test(arguments: supported)
  func `a NaN pixel makes every logit NaN`(isa: InstructionSet) throws {
    let subject = try Subject(SmallCase.all[0])
    var input = subject.input
    input.values[500] = .nan
    #expect(try subject.fast(isa).run(input).output.values.allSatisfy { $0.isNaN })
    #expect(try subject.reference.run(input).output.values.allSatisfy { $0.isNaN })
  }

  @Test func `an engine takes images of changing sizes`() throws {
    let subject = try Subject(SmallCase.all[2])
    let engine = subject.fast(.best)
    for (height, width) in [(40, 24), (9, 9), (64, 70), (9, 9)] {
      let input = FeatureMap<Float>.random([1, 3, height, width], seed: 3)
      #expect(try engine.run(input) == subject.fast(.best).run(input))
    }
  }

  @Test func `wrong inputs and names are refused`() throws {
    let subject = try Subject(SmallCase.all[0])
    let engine = subject.fast(.best)
    #expect(throws: InferenceError.wrongInput(expected: [-1, 3, -1, -1], actual: [1, 4, 8, 8], values: 256)) {
      try engine.run(FeatureMap(shape: [1, 4, 8, 8]))
    }
    #expect(throws: InferenceError.wrongInput(expected: [-1, 3, -1, -1], actual: [0, 3, 8, 8], values: 0)) {
      try engine.run(FeatureMap(shape: [0, 3, 8, 8]))
    }
    #expect(throws: InferenceError.unknownTap("layer9.0")) {
      try engine.run(subject.input, taps: ["layer9.0"])
    }
    #expect(throws: InferenceError.fusedTap("layer1.0.conv3")) {
      try engine.run(subject.input, taps: ["layer1.0.conv3"])
    }
    var weights = subject.weights
    weights.tensors["layer2.0.bn1.running_mean"] = nil
    #expect(throws: InferenceError.missingTensor("layer2.0.bn1.running_mean")) {
      try PackedNetwork(subject.tree, weights: weights, threads: Self.threads)
    }
    weights.tensors["bn1.weight"]?.removeLast()
    #expect(throws: InferenceError.wrongCount("bn1.weight", expected: 64, actual: 63)) {
      try PackedNetwork(subject.tree, weights: weights, threads: Self.threads)
    }
  }
}
