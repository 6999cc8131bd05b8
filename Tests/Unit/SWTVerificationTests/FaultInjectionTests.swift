import ResNetArchitecture
import ResNetEngine
import SWTChecksums
internal import SWTConsole
import SWTGoldens
import SWTVerification
import Testing

/// Every known fault, in the weights of the model and in the computation of the reference.
@Suite(.serialized) struct FaultInjectionTests {
  /// The side of the fault, and the contents of the golden.
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

  static let repetitions = 2

  @Test(arguments: networks, Mode.allCases)
  func `a fault is rejected, localized and explained`(network: Network, mode: Mode) throws {
    let small = try SmallNetwork(network.architecture, seed: 11)
    var maker = GoldenMaker(small, input: Images.noise([2, 3, 64, 64], seed: 5))
    maker.recordsDigests = mode.recordsDigests
    if mode == .samples { maker.taps = .sampled(128) }
    let floors = try maker.floors()
    let honest = try maker.golden(floors)
    var random = Numbers(seed: 3)
    var misses: [String] = []
    var unnoticed = 0
    var tally: [Fault: (count: Int, placed: Int, explained: Int)] = [:]
    for fault in Fault.allCases where !(fault.isOfComputation && mode.isInModel) {
      for _ in 0..<(fault.isOfComputation ? 1 : Self.repetitions) {
        guard let injection = fault.inject(into: small, &random) else { continue }
        let report = try run(injection, mode, maker, floors, honest, small)
        // A flipped sign may be in a place that no activation reaches; that must be rare.
        if report.passes, fault == .signFlipped {
          unnoticed += 1
          continue
        }
        let isRejected = !report.passes
        #expect(isRejected, "\(fault) in \(injection.layer ?? "all") passes")
        let isPlaced = report.divergence?.block == injection.stage
        let isExplained = explains(report, injection)
        let old = tally[fault] ?? (0, 0, 0)
        tally[fault] = (old.count + 1, old.placed + (isPlaced ? 1 : 0), old.explained + (isExplained ? 1 : 0))
        if !isPlaced || !isExplained {
          misses.append(
            "\(fault) in \(injection.layer ?? "all"): \(report.divergence?.block ?? "-"), "
              + (report.cause?.text ?? "no cause"))
        }
      }
    }
    let count = tally.values.reduce(0) { $0 + $1.count }
    let placed = tally.values.reduce(0) { $0 + $1.placed }
    let explained = tally.values.reduce(0) { $0 + $1.explained }
    print(
      "\(network.testDescription), \(mode): of \(count) faults \(placed) placed, \(explained) explained; "
        + Fault.allCases.compactMap { fault in
          tally[fault].map { "\(fault) \($0.placed)+\($0.explained)/\($0.count)" }
        }.joined(separator: ", ") + misses.map { "\n  missed: \($0)" }.joined())
    #expect(unnoticed <= 1)
    #expect(Double(placed) >= 0.95 * Double(count))
    #expect(Double(explained) >= 0.8 * Double(count))
  }

  /// With variances near one, a wrong epsilon changes a single stage by less than its rounding.
  @Test(arguments: [1e-6, 0, 2e-5])
  func `a fault too small for one stage is found over all stages`(epsilon: Double) throws {
    let small = try SmallNetwork(Self.networks[0].architecture, seed: 11, spread: 0)
    var maker = GoldenMaker(small, input: Images.noise([2, 3, 64, 64], seed: 5))
    maker.taps = .sampled(128)
    var deviation = Deviation()
    deviation.epsilon = epsilon
    let golden = try maker.golden(try maker.floors(), deviation: deviation)
    let report = try ForwardRun(small.weights, small.tree, [golden], VerificationOptions())
      .check("golden", golden, WeightDigests(GoldenMaker.digests(small.weights)))
    let passes = report.passes
    #expect(!passes)
    #expect(report.cause?.id == "bn-eps" && report.divergence?.block == "conv1")
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
    return try run.check("golden", golden, WeightDigests(GoldenMaker.digests(model)))
  }

  private func explains(_ report: GoldenReport, _ injection: Fault.Injection) -> Bool {
    report.cause.map { cause in
      if injection.causes.contains(cause.id) { return true }
      // The exact tensors, found by their digests.
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
