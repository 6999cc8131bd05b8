import SWTChecksums
import SWTGoldens
import SWTInference
import SWTResNet
import SWTVerification
import Testing

/// Every known fault, in the weights of the model and in the computation of the reference.
@Suite(.serialized) struct FaultInjectionTests {
  /// Where the fault is and what the golden has.
  enum Mode: String, CaseIterable, Sendable {
    case weights, weightsWithoutDigests, computation, computationWithoutDigests, samples

    var isInModel: Bool { [.weights, .weightsWithoutDigests, .samples].contains(self) }
    var recordsDigests: Bool { self == .weights || self == .computation }
  }

  struct Network: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let architecture: Architecture
  }

  static let networks = [
    Network(
      testDescription: "ResNeXt",
      architecture: Architecture(
        block: .bottleneck, layers: [2, 3, 2, 2], groups: 4, widthPerGroup: 64, classCount: 10, basePlanes: 4)
    ),
    Network(
      testDescription: "ResNet of basic blocks",
      architecture: Architecture(block: .basic, layers: [2, 2, 2, 2], classCount: 10, basePlanes: 6)),
  ]

  static let repetitions = 3

  @Test(arguments: networks, Mode.allCases)
  func `a fault is rejected, placed and explained`(network: Network, mode: Mode) throws {
    let small = try SmallNetwork(network.architecture, seed: 11)
    var maker = GoldenMaker(small, input: Images.noise([2, 3, 64, 64], seed: 5))
    maker.recordsDigests = mode.recordsDigests
    if mode == .samples { maker.taps = .sampled(128) }
    let floors = try maker.floors()
    let honest = try maker.golden(floors)
    var random = Numbers(seed: 3)
    var table: [String] = []
    var (count, placed, explained) = (0, 0, 0)
    for fault in Fault.allCases where !(fault.isOfComputation && mode.isInModel) {
      for _ in 0..<(fault.isOfComputation ? 1 : Self.repetitions) {
        guard let injection = fault.inject(into: small, &random) else { continue }
        let report = try run(injection, mode, maker, floors, honest, small)
        // A sign may be flipped where no activation reaches it.
        if report.passes, fault == .signFlipped { continue }
        count += 1
        let isRejected = !report.passes
        #expect(isRejected, "\(fault) in \(injection.layer ?? "all") passes")
        let isPlaced = report.divergence?.block == injection.stage
        let isExplained = explains(report, injection)
        placed += isPlaced ? 1 : 0
        explained += isExplained ? 1 : 0
        let cause = report.cause
        table.append(
          "\(isPlaced ? "placed" : "MISPLACED") \(isExplained ? "explained" : "UNEXPLAINED") \(fault) in "
            + "\(injection.layer ?? "all"): \(report.divergence?.block ?? "-")/\(report.divergence?.layer ?? "-") "
            + "\(report.comparisons[0].timesFloor) \(cause?.text ?? "-") \(cause?.explainsToTimesFloor ?? -1)"
        )
      }
    }
    if placed < count || explained < count {
      print("\(network.testDescription), \(mode)\n" + table.joined(separator: "\n"))
    }
    print("\(network.testDescription), \(mode): of \(count) faults \(placed) placed, \(explained) explained")
    #expect(Double(placed) >= 0.95 * Double(count))
    #expect(Double(explained) >= 0.8 * Double(count))
  }

  private func run(
    _ injection: Fault.Injection, _ mode: Mode, _ maker: GoldenMaker, _ floors: [String: Golden.Floor],
    _ honest: Golden, _ small: SmallNetwork
  ) throws -> GoldenReport {
    var options = VerificationOptions()
    options.threads = 2
    let model = mode.isInModel ? injection.weights : small.weights
    let golden =
      mode.isInModel
      ? honest
      : try maker.golden(
        floors, weights: injection.reversesInput ? small.weights : injection.weights,
        deviation: injection.deviation, fed: injection.reversesInput ? maker.input.reversedChannels : nil)
    let run = try ForwardRun(model, small.tree, [golden], options)
    return try run.check("golden", golden, GoldenMaker.digests(model))
  }

  private func explains(_ report: GoldenReport, _ injection: Fault.Injection) -> Bool {
    report.cause.map { cause in
      if injection.causes.contains(cause.id) { return true }
      // The very tensors, named by their digests.
      return cause.id == "tensors-differ"
        && injection.tensors.allSatisfy { report.weights?.differing.contains($0) ?? false }
        && report.weights?.differing.count == injection.tensors.count
    } ?? false
  }
}

extension FeatureMap<Float> {
  var reversedChannels: FeatureMap {
    let plane = shape[2] * shape[3]
    var map = self
    for index in values.indices {
      let (image, channel) = (index / (3 * plane), index / plane % 3)
      map.values[index] = values[(image * 3 + 2 - channel) * plane + index % plane]
    }
    return map
  }
}
