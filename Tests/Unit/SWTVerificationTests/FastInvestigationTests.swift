import ResNetArchitecture
import ResNetEngine
import SWTGoldens
import SWTVerification
import Testing

/// Networks whose float64 pass would take long are explained by the fast engine alone, small faults included.
@Suite(.serialized) struct FastInvestigationTests {
  /// A network above the number of multiply-adds from which that is so, and its golden's input.
  private static func network() throws -> (SmallNetwork, GoldenMaker) {
    let small = try SmallNetwork(
      Architecture(
        block: .bottleneck, layers: [1, 2, 2, 1], groups: 4, widthPerGroup: 32, classCount: 50,
        basePlanes: 24), seed: 11)
    var maker = GoldenMaker(small, input: Images.noise([1, 3, 224, 224], seed: 5))
    maker.taps = .sampled(512)
    maker.recordsDigests = false
    return (small, maker)
  }

  @Test func `faults of every kind are explained without a float64 pass`() throws {
    let (small, maker) = try Self.network()
    let floors = try maker.floors(of: [.best], winograd: [true])
    var random = Numbers(seed: 3)
    let faults: [Fault] = [
      .epsilon1e3, .samePadding, .bgr, .meanUnloaded, .groupOrder, .kernelRotated, .filterZeroed,
      .signFlipped,
    ]
    var (rejected, misses): (Int, [String]) = (0, [])
    for fault in faults {
      let injection = try #require(fault.inject(into: small, &random))
      let golden = try maker.golden(
        floors, weights: injection.reversesInput ? small.weights : injection.weights,
        deviation: injection.deviation, fed: injection.reversesInput ? maker.input.reversedChannels : nil)
      let report = try ForwardRun(small.weights, small.tree, [golden], VerificationOptions())
        .check("golden", golden, WeightDigests([:]))
      // A flipped sign may be in a place that no activation reaches.
      if report.passes, fault == .signFlipped { continue }
      rejected += report.passes ? 0 : 1
      let isExplained = report.cause.map { injection.causes.contains($0.id) } ?? false
      // The float64 pass would be a witness of the error.
      if report.divergence?.block != injection.stage || !isExplained || report.witness != nil {
        misses.append(
          "\(fault) in \(injection.layer ?? "all"): \(report.divergence?.block ?? "-"), "
            + "\(report.cause?.text ?? "no cause")\(report.witness == nil ? "" : ", float64")")
      }
    }
    #expect(rejected >= faults.count - 1)
    #expect(misses.isEmpty, "\(misses)")
  }
}
