import EngineTestSupport
import ResNetArchitecture
import ResNetEngine
internal import SWTThreads
import TestSupport
import Testing

/// Any combination of switches, sizes and depths, drawn from a seed.
@Suite struct RandomArchitectureTests {
  @Test(arguments: 0..<60 as Range<UInt64>)
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
    let input = FeatureMap<Float>.random([batch, 3, height, width], seed: seed &+ 1)
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
    return architecture
  }
}
