import ResNetArchitecture
import ResNetEngine
internal import SWTConsole
import SWTGoldens
import SWTVerification
import Testing

/// The score of a golden set agrees with the verification of each mutation.
@Suite struct MutationTests {
  private static let architecture = Architecture(
    block: .bottleneck, layers: [1, 1, 1, 1], groups: 4, widthPerGroup: 64, classCount: 10, basePlanes: 4)

  private func score(_ count: Int, _ change: (inout GoldenMaker) -> Void = { _ in }) throws -> MutationScore {
    let network = try SmallNetwork(Self.architecture, seed: 4)
    var maker = GoldenMaker(network, input: Images.noise([2, 3, 64, 64], seed: 9))
    change(&maker)
    let golden = try maker.golden(try maker.floors())
    var options = VerificationOptions()
    options.mutations = count
    let run = try ForwardRun(network.weights, network.tree, [golden], options)
    let report = try run.check("golden", golden, WeightDigests(GoldenMaker.digests(network.weights)))
    return try #require(try run.mutationScore([("golden", golden)], [report]))
  }

  @Test func `every layer gets mutations, and taps catch nearly all`() throws {
    let score = try score(100)
    #expect(score.tried == 100)
    #expect(score.layers.map(\.name).first == "conv1" && score.layers.map(\.name).last == "fc")
    #expect(score.layers.allSatisfy { $0.tried >= 100 / score.layers.count })
    #expect(score.score >= 0.95)
    #expect(score.goldens.map(\.caught) == [score.caught])
    #expect(try self.score(100) == score)
  }

  @Test func `an input of zeros is blind for the first convolution`() throws {
    let score = try score(60) { maker in
      maker.input = FeatureMap(shape: [1, 3, 64, 64])
      maker.taps = .none
    }
    #expect(score.blindLayers.contains("conv1"))
    #expect(score.score < 0.95)
  }
}
