import ResNetArchitecture
import ResNetEngine
import SWTBytes
internal import SWTConsole
import SWTGoldens
internal import SWTThreads
import SWTVerification
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The same faults in a published network at full size. Takes minutes, so runs only if `PTH2SWT_FAULTS` names
/// one.
///
/// `Tools/prove/faults` runs this and writes `Faults.md`.
@Suite(.serialized) struct FullSizeFaultTests {
  static let network = unsafe getenv("PTH2SWT_FAULTS").map { unsafe String(cString: $0) }
  /// Names of faults, separated by commas; all by default.
  private static let only = unsafe getenv("PTH2SWT_ONLY").map { unsafe String(cString: $0) }?.split(
    separator: ",")

  @Test(.enabled(if: network != nil)) func `faults in a published network`() throws {
    let (small, goldens) = try load()
    var random = Numbers(seed: 7)
    var (placed, explained, rejected, count) = (0, 0, 0, 0)
    let header = [
      "| fault | in | relL2 | × floor | top-1 kept | "
        + OtherCriteria.allCases.map(\.rawValue).joined(separator: " | ")
        + " | pth2swt | first divergence | cause | explains to |",
      "|" + String(repeating: "---|", count: 9 + OtherCriteria.allCases.count),
    ]
    for line in header { say("FAULTS: \(line)") }
    for fault in Fault.allCases {
      for isInModel in fault.isOfComputation ? [false] : [true, false] {
        guard let injection = fault.inject(into: small, &random),
          Self.only.map({ $0.contains { $0 == fault.rawValue } }) ?? true
        else { continue }
        let reports = try check(injection, isInModel: isInModel, small, goldens)
        let first = reports[0].report
        count += 1
        rejected += reports.contains { !$0.report.passes } ? 1 : 0
        let isPlaced = first.divergence?.block == injection.stage
        let isExplained =
          first.cause.map { cause in
            injection.causes.contains(cause.id)
              || (cause.id == "tensors-differ" && first.weights?.differing.count == injection.tensors.count)
          } ?? false
        placed += isPlaced ? 1 : 0
        explained += isExplained ? 1 : 0
        let worst = reports.map(\.report.comparisons[0]).max { $0.timesFloor < $1.timesFloor }
        let items = reports.flatMap { $0.report.comparisons[0].labels?.items ?? [] }
        let others = OtherCriteria.allCases.map { criterion in
          reports.allSatisfy { criterion.accepts($0.output, $0.reference) } ? "**passes**" : "rejects"
        }
        let side = isInModel ? "model" : "reference"
        say(
          "FAULTS: | \(fault) | \(injection.layer ?? "all layers") of the \(side) | \(short(worst?.metrics.relL2)) | "
            + "\(short(worst?.timesFloor)) | \(items.count { $0.expected == $0.actual })/\(items.count) | "
            + others.joined(separator: " | ")
            + " | \(reports.contains { !$0.report.passes } ? "rejects" : "**passes**") | "
            + "\(first.divergence.map { $0.layer ?? $0.block } ?? "-")\(isPlaced ? "" : " (wrong)") | "
            + "\(first.cause?.text ?? "-")\(isExplained ? "" : " (wrong)") | "
            + "\(first.cause?.isConfirmed == true ? short(first.cause?.explainsToTimesFloor) : "-") |")
      }
    }
    say("FAULTS: ")
    say("FAULTS: Of \(count) faults \(rejected) rejected, \(placed) placed, \(explained) explained.")
    #expect(
      rejected == count && Double(placed) >= 0.95 * Double(count) && Double(explained) >= 0.8 * Double(count))
  }

  @Test(.enabled(if: network != nil)) func `mutations of a published network`() throws {
    let (small, goldens) = try load()
    say("MUTATIONS: | compared | flips | noticed | score | by one golden | blind layers |")
    say("MUTATIONS: |---|---|---|---|---|---|")
    for level in [VerificationOptions.Level.layers, .forward] {
      var options = VerificationOptions()
      options.level = level
      options.mutations = 5 * (small.tree.convolutions.count + 1)
      let run = try ForwardRun(small.weights, small.tree, goldens, options)
      let reports = try goldens.map { try run.check($0.name, $0, WeightDigests([:])) }
      let clock = ContinuousClock()
      var found: MutationScore?
      let time = try clock.measure {
        found = try run.mutationScore(goldens.map { ($0.name, $0) }, reports)
      }
      let score = try #require(found)
      let single = score.goldens.map { "\($0.name) alone \($0.caught)" }.joined(separator: ", ")
      say(
        "MUTATIONS: | \(level == .layers ? "logits and samples of every stage" : "logits alone") | \(score.tried) | "
          + "\(score.caught) | \(short(100 * score.score)) % | \(single) | "
          + "\(score.blindLayers.isEmpty ? "none" : score.blindLayers.joined(separator: ", ")) |")
      say("seconds: \(time)")
      if level == .layers { #expect(score.score >= 0.97) }
    }
  }

  private func load() throws -> (SmallNetwork, [Golden]) {
    let name = Self.network ?? "resnext50_32x4d"
    let formula = try FormulaNetwork(name)
    var table = WeightTable()
    for tensor in formula.tensors { table.tensors[tensor.name] = ContiguousArray(try formula.values(tensor)) }
    let folder = Fixtures.path("goldens/\(name)")
    let goldens = try ["image-224-a", "image-224-b"].map {
      try GoldenFile.read(FileSource(path: "\(folder)/\($0).golden.safetensors"))
    }
    let odd = try? GoldenFile.read(FileSource(path: "\(folder)/odd-225x223.golden.safetensors"))
    return (
      SmallNetwork(tree: LayerTree(formula.architecture), weights: table), goldens + [odd].compactMap(\.self)
    )
  }

  private struct Checked {
    let report: GoldenReport
    let output, reference: [Double]
  }

  /// The first golden completely, only the logits of the others.
  private func check(
    _ injection: Fault.Injection, isInModel: Bool, _ small: SmallNetwork, _ goldens: [Golden]
  ) throws -> [Checked] {
    let model = isInModel ? injection.weights : small.weights
    let digests = WeightDigests(GoldenMaker.digests(model))
    let threads = ThreadPool()
    let engine = FastEngine(
      try PackedNetwork(small.tree, weights: model, threads: threads), threads: threads)
    return try goldens.enumerated().map { index, honest in
      var maker = GoldenMaker(
        small, input: FeatureMap(shape: honest.input.shape, values: honest.input.floats()))
      maker.taps = .sampled(256)
      // PyTorch's golden if the fault is in the model; the float64 engine's if it is in the reference.
      var floors: [String: Golden.Floor] = [:]
      for stage in small.tree.tapNames {
        floors[stage] = honest.floors.free[stage == "fc" ? "logits" : stage]
      }
      let golden =
        isInModel
        ? honest
        : try maker.golden(
          floors, weights: injection.reversesInput ? small.weights : injection.weights,
          deviation: injection.deviation, fed: injection.reversesInput ? maker.input.reversedChannels : nil)
      var options = VerificationOptions()
      options.level = index == 0 ? .all : .forward
      let start = ContinuousClock.now
      let report = try ForwardRun(model, small.tree, [golden], options).check(honest.name, golden, digests)
      if index == 0 { say("\(injection.fault): verified and diagnosed in \(ContinuousClock.now - start)") }
      let output = try engine.run(maker.input).output.values.map { Double($0) }
      return Checked(report: report, output: output, reference: golden.output.reference)
    }
  }

  /// Prints without buffering: buffered text is lost when a run ends.
  private func say(_ line: String) {
    print(line)
    fflush(nil)
  }

  private func short(_ value: Double?) -> String {
    guard let value, value.isFinite else { return "-" }
    if value >= 0.01, value < 1000 { return "\((value * 100).rounded() / 100)" }
    var (number, exponent) = (value, 0)
    while number >= 10 { (number, exponent) = (number / 10, exponent + 1) }
    while number < 1, number > 0 { (number, exponent) = (number * 10, exponent - 1) }
    return "\((number * 10).rounded() / 10)e\(exponent)"
  }
}
