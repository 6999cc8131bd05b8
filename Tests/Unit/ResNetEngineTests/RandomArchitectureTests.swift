import EngineTestSupport
import ResNetArchitecture
import ResNetEngine
internal import SWTThreads
import TestSupport
import Testing

/// Any combination of switches, sizes and depths, drawn from a seed.
@Suite struct RandomArchitectureTests {
  @Test(arguments: 0..<120 as Range<UInt64>)
  func `the fast engine computes what the double engine computes`(seed: UInt64) throws {
    var random = Noise(seed: seed)
    let architecture = Architecture.random(&random)
    try #require(architecture.isConsistent)
    let tree = LayerTree(architecture)
    let weights = tree.randomWeights(seed: seed)
    let (batch, height, width) = (
      Int.random(in: 1...2, using: &random), Int.random(in: 1...50, using: &random),
      Int.random(in: 1...50, using: &random)
    )
    let rows = try #require((height...4096).first { tree.accepts(imageSize: $0) })
    let columns = try #require((width...4096).first { tree.accepts(imageSize: $0) })
    let input = FeatureMap<Float>.random([batch, architecture.inputChannels, rows, columns], seed: seed &+ 1)
    let winograd = Bool.random(using: &random)
    let network = try PackedNetwork(
      tree, weights: weights, threads: EngineTests.threads, instructions: .portable, winograd: winograd)
    let tiles = try PackedNetwork(
      tree, weights: weights, threads: EngineTests.threads, instructions: .amxEmulated, winograd: winograd)
    func fast(_ isa: InstructionSet, _ threads: ThreadPool) throws -> ForwardResult<Float> {
      let isVector = EngineTests.vectors.contains(isa)
      return try FastEngine(
        isVector ? network : tiles, height: 8, width: 8, threads: threads, instructions: isa
      ).run(input, taps: Set(tree.tapNames))
    }
    let reference = try ReferenceEngine(tree, weights: weights, threads: EngineTests.threads)
      .run(input, taps: Set(tree.tapNames))
    var (fused, byTiles): (Set<FeatureMap<Float>>, Set<FeatureMap<Float>>) = ([], [])
    for isa in EngineTests.supported {
      let result = try fast(isa, EngineTests.threads)
      for tap in tree.tapNames {
        let (x, y) = (try #require(result.taps[tap]), try #require(reference.taps[tap]))
        #expect(
          relativeError(x, y) < 1e-5, "\(architecture.name), \(batch)×\(height)×\(width), \(isa): \(tap)")
      }
      if !EngineTests.vectors.contains(isa) {
        byTiles.insert(result.output)
      } else if isa != .portable {
        fused.insert(result.output)
      }
    }
    for threads in [1, 3] {
      byTiles.insert(try fast(.amxEmulated, ThreadPool(count: threads)).output)
      if let best = EngineTests.vectors.last, best != .portable {
        fused.insert(try fast(best, ThreadPool(count: threads)).output)
      }
    }
    #expect(fused.count <= 1 && byTiles.count == 1, "\(architecture.name)")
  }

  @Test(arguments: 0..<40 as Range<UInt64>, ReducedEngineTests.precisions)
  func `each stage of reduced numbers computes what the emulation computes`(
    seed: UInt64, precision: ComputePrecision
  ) throws {
    var random = Noise(seed: seed)
    let architecture = Architecture.random(&random)
    let tree = LayerTree(architecture)
    let weights = tree.randomWeights(seed: seed)
    let size = try #require((16...4096).first { tree.accepts(imageSize: $0) })
    let input = FeatureMap<Float>.random([2, architecture.inputChannels, size, size], seed: seed &+ 1)
    for isa in [EngineTests.vectors[EngineTests.vectors.count - 1], .amxEmulated] {
      let network = try PackedNetwork(
        tree, weights: weights, threads: EngineTests.threads, instructions: isa, precision: precision,
        height: size, width: size)
      // On one thread both images go through the late stages together.
      let engine = FastEngine(network, height: 8, width: 8, threads: ThreadPool(count: 1))
      let emulation = try ReferenceEngine(
        tree, weights: weights, threads: EngineTests.threads, emulating: precision, on: isa)
      var stageInput = input
      for stage in tree.tapNames {
        let expected = try emulation.runStage(stage, stageInput).output
        let error = relativeError(try engine.runStage(stage, stageInput).output, expected)
        #expect(error < 1e-2, "\(architecture.name), \(size)×\(size), \(isa): \(stage)")
        stageInput = expected.converted()
      }
    }
  }
}

extension Architecture {
  /// A small network with any switches that fit each other.
  fileprivate static func random(_ random: inout Noise) -> Architecture {
    func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
    let stages = number(1...5)
    let isBasic = Bool.random(using: &random)
    let groups = isBasic ? 1 : [1, 1, 2, 3, 4, 8][number(0...5)]
    let base = number(2...20)
    // At least one channel in each group of the first stage.
    let least = (64 + base - 1) / base
    var architecture = Architecture(
      block: isBasic ? .basic : .bottleneck, layers: (0..<stages).map { _ in number(1...2) }, groups: groups,
      widthPerGroup: isBasic ? 64 : number(least...max(least, 96 / groups)),
      classCount: number(0...3) == 0 ? nil : number(1...20), basePlanes: base, stemChannels: number(3...40),
      stem: [.conv7x7, .conv3x3, .deep([number(2...20), number(2...33)])][number(0...2)],
      shortcut: [.projection, .averagePool, .padding][number(0...2)],
      strideOn: Bool.random(using: &random) ? .conv1 : .conv2)
    architecture.randomize(&random)
    if architecture.shortcut == .padding {
      architecture.stemChannels = min(architecture.stemChannels, architecture.outputChannels(stage: 0))
    }
    switch number(0...2) {
    case 0: break
    case 1: architecture.attention = .squeezeExcitation((0..<stages).map { _ in number(1...40) })
    default: architecture.attention = .eca((0..<stages).map { _ in 2 * number(0...4) + 1 })
    }
    if number(0...1) == 0 {
      architecture.dilate(
        (0..<stages).map { _ in number(1...4) }, first: (0..<stages).map { _ in number(1...4) })
    }
    if number(0...1) == 0 { architecture.strides = (0..<stages).map { _ in number(1...3) } }
    if number(0...2) == 0 {
      architecture.antialiasing = [.average, .blur][number(0...1)]
      architecture.strides = architecture.strides.map { min($0, 2) }
    }
    return architecture
  }

  /// Stem, pooling and head unlike torchvision's.
  private mutating func randomize(_ random: inout Noise) {
    func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
    inputChannels = [3, 3, 1, 2, 4, 7][number(0...5)]
    (headHasBias, finalPool) = (number(0...2) > 0, number(0...2) > 0 ? .average : .maximum)
    if number(0...2) == 0 {
      let kernel = number(1...9)
      stem = .init(kernel: kernel, stride: number(1...4), padding: number(0...kernel))
    } else if stem.isDeep {
      stem = .deep(stem.widths, stride: number(1...2))
    }
    switch number(0...3) {
    case 0: pool = nil
    case 1:
      let kernel = number(1...5)
      pool = .init(
        [.maximum, .average][number(0...1)], kernel: kernel, stride: number(1...3),
        padding: number(0...kernel / 2), ceilMode: number(0...1) == 0, isBlurred: number(0...3) == 0)
    default: break
    }
    if number(0...3) == 0 { shortcut = .averagePoolSame }
    for name in ["bn1", "layer1.0.bn1", "layer1.0.bn2"] where number(0...3) == 0 { epsilons[name] = 0.01 }
  }
}
