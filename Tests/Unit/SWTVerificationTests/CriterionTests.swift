import ResNetArchitecture
import ResNetEngine
internal import SWTConsole
import SWTGoldens
import SWTVerification
import Testing

/// Each acceptance rule by itself.
@Suite struct CriterionTests {
  private let criterion = Criterion(floorRelL2: 1e-6, floorMax: 1e-5)

  private func metrics(relL2: Double, maxOverStd: Double) -> ErrorMetrics {
    var metrics = ErrorMetrics([1, 2, 3], reference: [1, 2, 3])
    (metrics.relL2, metrics.maxOverStd) = (relL2, maxOverStd)
    return metrics
  }

  @Test func `both norms must be within bounds`() {
    #expect(criterion.accepts(metrics(relL2: 8e-6, maxOverStd: 12e-5)))
    #expect(!criterion.accepts(metrics(relL2: 8.1e-6, maxOverStd: 0)))
    #expect(!criterion.accepts(metrics(relL2: 0, maxOverStd: 12.1e-5)))
    #expect(!criterion.accepts(metrics(relL2: .nan, maxOverStd: 0)))
  }

  @Test func `one output out of bounds fails even if the others are better`() throws {
    let architecture = Architecture(block: .basic, layers: [1, 1, 1, 1], classCount: 5, basePlanes: 2)
    let network = try SmallNetwork(architecture, seed: 1)
    let maker = GoldenMaker(network, input: Images.noise([1, 3, 40, 40], seed: 2))
    var floors = try maker.floors()
    // A floor below this engine's error, for one tap of many.
    floors["layer3.0"] = .init(relL2: 0x1p-24, maxOverStd: 0x1p-24)
    let golden = try maker.golden(floors)
    let run = try ForwardRun(network.weights, network.tree, [golden], VerificationOptions())
    let report = try run.check("golden", golden, WeightDigests(GoldenMaker.digests(network.weights)))
    #expect(report.comparisons.filter { !$0.passes }.map(\.name) == ["layer3.0"])
    let passes = report.passes
    #expect(!passes)
    // The weights are right and double precision agrees: the model is not at fault.
    #expect(report.blamesEngine)
    #expect(report.cause?.id == "engine")
  }

  @Test(arguments: [(53, 5e-5), (54, 2e-4), (104, 2e-4)])
  func `a golden without floors is judged by depth`(convolutions: Int, allowed: Double) {
    let criterion = Criterion.uncalibrated(convolutions: convolutions)
    #expect(abs(criterion.allowedRelL2 - allowed) < 1e-12)
    #expect(abs(criterion.allowedMax - 1e-3) < 1e-12)
    #expect(!criterion.isCalibrated)
  }

  @Test func `an uncalibrated golden accepts correct engines and finds faults`() throws {
    let architecture = Architecture(block: .basic, layers: [1, 1, 1, 1], classCount: 5, basePlanes: 4)
    let network = try SmallNetwork(architecture, seed: 1)
    var maker = GoldenMaker(network, input: Images.noise([2, 3, 40, 40], seed: 2))
    maker.recordsFloors = false
    maker.taps = .none
    let golden = try maker.golden([:])
    let right = try ForwardRun(network.weights, network.tree, [golden], VerificationOptions())
      .check("golden", golden, WeightDigests([:]))
    #expect(right.passes && right.isUncalibrated)
    var damaged = network.weights
    damaged.tensors["layer3.0.conv1.weight"]?[5].negate()
    let wrong = try ForwardRun(damaged, network.tree, [golden], VerificationOptions())
      .check("golden", golden, WeightDigests([:]))
    #expect(!wrong.passes && wrong.isUncalibrated)
  }

  @Test func `labels must agree if the margin exceeds the bound, and only then`() {
    let reference = [1.0, 3.0, 2.9999, 0.0]
    let close = LabelRule([1, 2.9999, 3, 0], reference: reference, classes: 4, bound: 1e-3)
    #expect(close.passes && close.items[0].outcome == .tieWithinBound)
    let decided = LabelRule([1, 2.9999, 3, 0], reference: reference, classes: 4, bound: 1e-5)
    #expect(!decided.passes && decided.items[0].outcome == .differs)
    let equal = LabelRule(reference, reference: reference, classes: 4, bound: 1)
    #expect(equal.items[0].outcome == .agrees)
  }

  @Test func `the top five must agree if the fifth is far enough from the sixth`() {
    let reference = [9.0, 8, 7, 6, 5, 4.999, 0]
    let swapped = [9.0, 8, 7, 6, 4.999, 5, 0]
    let tie = LabelRule(swapped, reference: reference, classes: 7, bound: 1e-2)
    #expect(tie.passes && tie.items[0].topFive == .tieWithinBound)
    let decided = LabelRule(swapped, reference: reference, classes: 7, bound: 1e-4)
    #expect(!decided.passes && decided.items[0].outcome == .agrees && decided.items[0].topFive == .differs)
    let reordered = LabelRule([8.0, 9, 7, 6, 5, 4.999, 0], reference: reference, classes: 7, bound: 2)
    #expect(reordered.passes && reordered.items[0].topFive == .agrees)
    #expect(LabelRule([1, 2, 3], reference: [1, 2, 3], classes: 3, bound: 0).items[0].topFive == nil)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func `a weight that is not finite is reported with its index`(value: Float) throws {
    let architecture = Architecture(block: .basic, layers: [1, 1, 1, 1], classCount: 5, basePlanes: 4)
    let network = try SmallNetwork(architecture, seed: 1)
    let maker = GoldenMaker(network, input: Images.noise([1, 3, 40, 40], seed: 2))
    let golden = try maker.golden(try maker.floors())
    var damaged = network.weights
    // Filter 1, channel 2, row 1, column 0 of [8, 4, 3, 3].
    damaged.tensors["layer2.0.conv1.weight"]?[1 * 36 + 2 * 9 + 3] = value
    let report = try ForwardRun(damaged, network.tree, [golden], VerificationOptions())
      .check("golden", golden, WeightDigests(GoldenMaker.digests(damaged)))
    let passes = report.passes
    #expect(!passes)
    #expect(report.nonFinite?.tensor == "layer2.0.conv1.weight")
    #expect(report.nonFinite?.position == [1, 2, 1, 0])
    #expect(report.nonFinite?.value == (value.isNaN ? "nan" : value < 0 ? "-inf" : "inf"))
    #expect(report.divergence?.block == "layer2.0")
    #expect(report.cause?.id == "not-a-number")
  }

  @Test func `an activation that overflows is reported with its index`() throws {
    let architecture = Architecture(block: .basic, layers: [1, 1, 1, 1], classCount: 5, basePlanes: 4)
    let network = try SmallNetwork(architecture, seed: 1)
    let maker = GoldenMaker(network, input: Images.noise([1, 3, 40, 40], seed: 2))
    let golden = try maker.golden(try maker.floors())
    var damaged = network.weights
    for name in ["layer2.0.bn2.weight", "layer2.0.downsample.1.weight"] {
      damaged.tensors[name] = ContiguousArray(repeating: 3e38, count: 8)
    }
    let report = try ForwardRun(damaged, network.tree, [golden], VerificationOptions())
      .check("golden", golden, WeightDigests(GoldenMaker.digests(damaged)))
    #expect(report.nonFinite?.tensor == "layer2.0")
    #expect(report.nonFinite?.position.count == 4)
    #expect(report.divergence?.block == "layer2.0")
  }
}
