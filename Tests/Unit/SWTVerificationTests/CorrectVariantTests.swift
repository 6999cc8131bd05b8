import ResNetArchitecture
import ResNetEngine
internal import SWTConsole
import SWTGoldens
import SWTVerification
import Testing

/// Correct engines pass, whatever the order of their sums.
@Suite struct CorrectVariantTests {
  /// Random networks of all kinds: blocks, groups, widths, depths, input sizes, batches.
  static func network(_ number: UInt64) throws -> (SmallNetwork, FeatureMap<Float>) {
    var random = Numbers(seed: number &* 977)
    let isBasic = random.next(below: 3) == 0
    let groups = [1, 2, 4][random.next(below: 3)]
    let architecture = Architecture(
      block: isBasic ? .basic : .bottleneck, layers: (0..<4).map { _ in 1 + random.next(below: 2) },
      groups: isBasic ? 1 : groups, widthPerGroup: isBasic ? 64 : [32, 64][random.next(below: 2)],
      classCount: random.next(below: 8) == 0 ? nil : 2 + random.next(below: 20),
      basePlanes: 2 + 2 * random.next(below: 2))
    let shape = [
      1 + random.next(below: 2), 3, 33 + random.next(below: 32), 33 + random.next(below: 32),
    ]
    return (
      try SmallNetwork(architecture, seed: number), Images.noise(shape, seed: number &+ 1000)
    )
  }

  /// Floors are from plain float32 passes; Winograd, other instruction sets, thread counts and folding are
  /// judged by them.
  @Test func `two hundred random models give no false alarm`() throws {
    for number in 0..<UInt64(200) {
      let (network, input) = try Self.network(number)
      let maker = GoldenMaker(network, input: input)
      let golden = try maker.golden(try maker.floors(of: [.portable], winograd: [false]))
      let folded = number % 4 == 0
      var options = VerificationOptions()
      options.threads = number % 2 == 0 ? 1 : 2
      let sets = InstructionSet.allCases.filter(\.isSupported)
      options.compute = .float32(sets[Int(number) % sets.count])
      let weights = folded ? network.folded : network.weights
      let run = try ForwardRun(weights, network.tree, [golden], options)
      let report = try run.check("golden", golden, WeightDigests(folded ? [:] : GoldenMaker.digests(weights)))
      let worst = report.comparisons.max { $0.timesFloor < $1.timesFloor }
      let passes = report.passes
      #expect(passes, "model \(number): \(worst?.name ?? "") at \(worst?.timesFloor ?? 0) floors")
      #expect(report.causes.isEmpty)
    }
  }
}

/// Wrong models of pictures that are not RGB.
@Suite struct InputChannelTests {
  @Test(arguments: [1, 2, 4, 7])
  func `the search for a cause tries what fits the number of input channels`(channels: Int) throws {
    var architecture = Architecture(block: .basic, layers: [1, 1, 1, 1], classCount: 5, basePlanes: 2)
    architecture.inputChannels = channels
    let network = try SmallNetwork(architecture, seed: 3)
    let shape = [1, channels, 40, 36]
    let maker = GoldenMaker(network, input: Images.noise(shape, seed: 4))
    let floors = try maker.floors(of: [.portable], winograd: [false])
    let options = VerificationOptions()

    func report(fed input: FeatureMap<Float>) throws -> GoldenReport {
      let golden = try maker.golden(floors, fed: input)
      let run = try ForwardRun(network.weights, network.tree, [golden], options)
      return try run.check("golden", golden, WeightDigests(GoldenMaker.digests(network.weights)))
    }
    // Nothing explains another picture.
    let other = try report(fed: Images.noise(shape, seed: 5))
    #expect(!other.passes)
    #expect(!other.causes.contains { $0.isConfirmed })
    var bytes = maker.input
    bytes.values = bytes.values.map { $0 * 255 }
    #expect(try report(fed: bytes).cause?.id == "input-scaled")
  }
}

extension SmallNetwork {
  /// BatchNorm folded in double precision and rounded once, like in conversion.
  var folded: WeightTable {
    var table = WeightTable()
    for unit in tree.convolutions {
      func norm(_ leaf: String) -> [Double] {
        weights.tensors["\(unit.normName).\(leaf)"]?.map(Double.init) ?? []
      }
      let (gamma, beta, mean, variance) = (
        norm("weight"), norm("bias"), norm("running_mean"), norm("running_var")
      )
      let scale = gamma.indices.map { gamma[$0] / (variance[$0] + 1e-5).squareRoot() }
      let old = weights.tensors["\(unit.name).weight"] ?? []
      let size = old.count / unit.outputChannels
      table.tensors["\(unit.name).weight"] = ContiguousArray(
        old.enumerated().map { Float(Double($1) * scale[$0 / size]) })
      table.tensors["\(unit.name).bias"] = ContiguousArray(
        gamma.indices.map { Float(beta[$0] - mean[$0] * scale[$0]) })
    }
    if let head = tree.head {
      for leaf in ["weight", "bias"] {
        table.tensors["\(head.name).\(leaf)"] = weights.tensors["\(head.name).\(leaf)"]
      }
    }
    return table
  }
}
