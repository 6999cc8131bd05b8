internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTGoldens

extension Investigation {
  /// Multiply-adds of a forward pass from which on a float64 pass takes seconds.
  private static var largeCost: Int { 1 << 28 }
  /// Times the bound from which on the rounding errors of the layers before a fault do not matter.
  private static var grossError: Double { 30 }
  /// Times the bound from which on an error is told from those rounding errors at all.
  private static var clearError: Double { 1.5 }
  /// Floors that may be left of an error that is not gross: those of a right run, not of one that explains
  /// most of it.
  private static var rightFloors: Double { 3 }

  /// Explains a fault of a large network with the fast engine alone, whose activations before the fault are
  /// good enough if its error is well above theirs, and whose kernels are right if a change explains every output and tap.
  ///
  /// - Returns: Whether that was so; else nothing has changed.
  func runFast(_ judge: GoldenJudge, _ report: inout GoldenReport) throws -> Bool {
    let golden = judge.golden
    guard diagnoses, ForwardCost(tree, shape: golden.input.shape).multiplyAdds >= Self.largeCost,
      !report.comparisons.contains(where: { $0.metrics.firstNonFinite != nil })
    else { return false }
    let damage = WeightDamage(tree, weights, report.weights)
    guard let place = place(judge, damage, report) else { return false }
    let input = FeatureMap(shape: golden.input.shape, values: golden.input.floats())
    let network = try changingNetwork()
    var feed = input
    if let before = tree.tapNames[..<place.first].last {
      guard let output = try network.engine.run(input, taps: [before]).taps[before] else { return false }
      feed = output
    }
    let trial = try Trial(
      judge, weights, network, input: input, suspects: place.suspects,
      segment: Array(tree.tapNames[place.first...place.last]), feed: feed, feedIsExact: place.first == 0,
      budget: budget)
    var diagnosis = Diagnosis(
      trial: trial, isFolded: isFolded, weightsReport: report.weights,
      errorBefore: report.comparisons[0].metrics.relL2)
    diagnosis.budget = budget
    guard let explanation = try diagnosis.run(known: known), explanation.cause.isConfirmed,
      place.isGross || explanation.cause.explainsToTimesFloor <= Self.rightFloors
    else { return false }
    if !known.contains(where: { $0.cause.text == explanation.cause.text }) { known.append(explanation) }
    report.causes = [explanation.cause]
    if let cause = damage.cause(report.comparisons[0].metrics.relL2) { report.causes.append(cause) }
    describe(place, judge, &report)
    return true
  }

  /// Where the outputs of the fast engine start to be wrong.
  struct FastPlace {
    /// Indices of the first stage that may be at fault, and of the first with a wrong output.
    let first, last: Int
    let suspects: [String]
    let method: GoldenReport.Divergence.Method
    let relL2, before: Double
    let isGross: Bool
  }

  /// The stages that may be at fault; nil if the error is too small to tell.
  private func place(
    _ judge: GoldenJudge, _ damage: WeightDamage<Source>, _ report: GoldenReport
  ) -> FastPlace? {
    var (first, before) = (0, 0.0)
    for (index, stage) in tree.tapNames.enumerated() {
      guard judge.knows(stage),
        let item = report.comparisons.first(where: { $0.name == judge.outputName(of: stage) })
      else { continue }
      if item.criterion.accepts(item.metrics) {
        (first, before) = (index + 1, max(before, item.metrics.relL2))
        continue
      }
      let timesBound = item.metrics.relL2 / item.criterion.allowedRelL2
      guard timesBound >= Self.clearError else { return nil }
      if let stage = damage.stage, let changed = tree.tapNames.firstIndex(of: stage) {
        // The weights of all others are the reference's.
        guard changed <= index else { return nil }
        return FastPlace(
          first: changed, last: index, suspects: [stage],
          method: changed == index && first == index ? .freeRunning : .byDigests,
          relL2: item.metrics.relL2, before: before, isGross: timesBound >= Self.grossError)
      }
      return FastPlace(
        first: first, last: index, suspects: Array(tree.tapNames[first...index]), method: .freeRunning,
        relL2: item.metrics.relL2, before: before, isGross: timesBound >= Self.grossError)
    }
    return nil
  }

  private func describe(_ place: FastPlace, _ judge: GoldenJudge, _ report: inout GoldenReport) {
    report.blocks = tree.tapNames.map { stage in
      let free = report.comparisons.first { $0.name == judge.outputName(of: stage) }
      return .init(name: stage, freeRunning: free.map { .init($0.metrics, $0.criterion) })
    }
    report.divergence = .init(
      block: place.suspects[place.suspects.count - 1], suspects: Array(place.suspects.dropLast()),
      method: place.method, relL2: place.relL2, before: place.before)
    dropVaguePlace(&report)
    placeByCause(&report)
  }
}
