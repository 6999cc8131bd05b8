internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTGoldens
internal import SWTThreads

/// What happens to a golden that fails: run a second engine, find where the fault is, then why.
///
/// One for all goldens of a model: explanations of the first are tried first on the next.
final class Investigation<Source: WeightSource> {
  let tree: LayerTree
  let weights: Source
  let threads: ThreadPool
  let instructions: InstructionSet
  let isFolded: Bool
  let diagnoses: Bool
  let budget: SearchBudget
  var known: [Explanation] = []
  private var network: ChangingNetwork?

  init(
    _ tree: LayerTree, _ weights: Source, _ threads: ThreadPool, _ instructions: InstructionSet,
    diagnoses: Bool, budget: SearchBudget = SearchBudget()
  ) {
    self.budget = budget
    self.tree = tree
    self.weights = weights
    self.threads = threads
    self.instructions = instructions
    self.diagnoses = diagnoses
    isFolded = !weights.holds("\(tree.stem.units[0].normName).running_var")
  }

  /// Adds the findings to a failing report.
  func run(
    _ engine: some ForwardEngine, _ judge: GoldenJudge, _ report: inout GoldenReport
  ) throws {
    if try runFast(judge, &report) { return }
    let reference = ReferenceEngine(tree, weights: weights, threads: threads)
    let replay = try Replay(reference, judge, isFolded: isFolded)
    report.witness = replay.comparisons[0].metrics
    if report.comparisons.contains(where: { $0.metrics.firstNonFinite != nil }) {
      report.nonFinite = try NonFiniteSearch(engine: engine, weights: weights).run(replay.input)
    }
    var finding = try Localizer(engine: engine, reference: reference, judge: judge, replay: replay)
      .run(report.comparisons)
    (report.blocks, report.layers, report.divergence) = (finding.blocks, finding.layers, finding.divergence)
    let damage = WeightDamage(tree, weights, report.weights)
    if let place = damage.stage, placeByDigests(place, damage, &report) {
      // The weights before it are the reference's, and therefore so are the activations.
      (finding.feed, finding.feedIsExact) = (replay.feed(of: place), replay.isExact)
    }
    if report.blamesEngine {
      report.causes = [engineFault(report, replay)]
    } else if let found = report.nonFinite, weights.holds(found.tensor) {
      report.causes = [notANumber(found, report)]
    } else if diagnoses {
      try diagnose(judge, replay, finding, &report)
    }
    if let cause = damage.cause(report.comparisons[0].metrics.relL2) {
      // A confirmed change says more than names; values that merely look lost say less.
      let isFirst = report.causes.first.map { $0.isConfirmed || $0.id == "not-a-number" } ?? false
      report.causes.insert(cause, at: isFirst ? 1 : 0)
    }
    dropVaguePlace(&report)
    placeByCause(&report)
  }

  // MARK: Where

  /// One of many stages is not a place.
  func dropVaguePlace(_ report: inout GoldenReport) {
    guard let found = report.divergence, found.suspects.count > GoldenReport.Divergence.mostAlternatives,
      let first = found.suspects.first
    else { return }
    report.vagueness =
      "the golden has no output between \(first) and \(found.block), so it does not tell which of these "
      + "\(found.suspects.count + 1) stages is wrong"
    report.divergence = nil
  }

  /// - Returns: Whether the divergence moved to another stage.
  private func placeByDigests(
    _ stage: String, _ damage: WeightDamage<Source>, _ report: inout GoldenReport
  ) -> Bool {
    let isCertain = report.divergence.map { $0.method == .teacherForced } ?? false
    let moves = !isCertain && report.divergence?.block != stage
    if moves {
      report.divergence = .init(
        block: stage, method: .byDigests,
        relL2: report.divergence?.relL2 ?? report.comparisons[0].metrics.relL2,
        before: report.divergence?.before ?? 0)
    }
    if report.divergence?.block == stage, let layer = damage.layer { report.divergence?.layer = layer }
    return moves
  }

  func placeByCause(_ report: inout GoldenReport) {
    guard let place = report.cause?.place, let stage = try? tree.stage(ofTap: place) else { return }
    if report.divergence == nil {
      report.divergence = .init(
        block: stage, method: .byCause, relL2: report.comparisons[0].metrics.relL2, before: 0)
    }
    if report.divergence?.block == stage, place != stage || tree.layers(of: stage) == [place] {
      report.divergence?.layer = place
    }
  }

  // MARK: Why

  private func notANumber(_ found: GoldenReport.NonFinite, _ report: GoldenReport) -> Cause {
    Cause(
      id: "not-a-number", text: "\(found.tensor)\(found.position) is \(found.value) (in the model)",
      side: .weights,
      place: String(found.tensor[..<(found.tensor.lastIndex(of: ".") ?? found.tensor.endIndex)]),
      relL2Before: report.comparisons[0].metrics.relL2, relL2After: .nan, explainsToTimesFloor: .nan,
      isConfirmed: false)
  }

  private func engineFault(_ report: GoldenReport, _ replay: Replay) -> Cause {
    let output = replay.comparisons[0]
    return Cause(
      id: "engine",
      text: "our \(instructions.rawValue) kernels: computed in float64 the model agrees with the golden",
      side: .engine, place: report.divergence?.layer ?? report.divergence?.block,
      relL2Before: report.comparisons[0].metrics.relL2, relL2After: output.metrics.relL2,
      explainsToTimesFloor: replay.comparisons.map(\.timesFloor).max() ?? 0, isConfirmed: true)
  }

  private func diagnose(
    _ judge: GoldenJudge, _ replay: Replay, _ finding: Located, _ report: inout GoldenReport
  ) throws {
    guard let trial = try trial(judge, replay, finding, report.divergence) else { return }
    var diagnosis = Diagnosis(
      trial: trial, isFolded: isFolded, weightsReport: report.weights,
      errorBefore: report.comparisons[0].metrics.relL2)
    diagnosis.budget = budget
    if let explanation = try diagnosis.run(known: known) {
      if !known.contains(where: { $0.cause.text == explanation.cause.text }) { known.append(explanation) }
      report.causes.append(explanation.cause)
    } else if trial.suspects.count == 1 {
      report.causes += try LostValues(tree: tree, weights: weights)
        .causes(in: trial.suspects[0], relL2: report.comparisons[0].metrics.relL2)
    }
  }

  /// The stages on which to try hypotheses: the one at fault, or all that may be at fault up to the next
  /// output that the golden has.
  private func trial(
    _ judge: GoldenJudge, _ replay: Replay, _ finding: Located,
    _ divergence: GoldenReport.Divergence?
  ) throws -> Trial<Source>? {
    let network = try changingNetwork()
    let stages = tree.tapNames
    var suspects = stages
    var feed = replay.input
    if let divergence, let known = finding.feed {
      suspects = divergence.suspects + [divergence.block]
      feed = divergence.suspects.isEmpty ? known : replay.feed(of: suspects[0]) ?? known
    }
    guard let first = stages.firstIndex(of: suspects[0]),
      let last = stages.firstIndex(of: suspects[suspects.count - 1])
    else { return nil }
    // A small fault may show only at the end.
    for end in [stages[last...].firstIndex { judge.knows($0) }, stages.count - 1].compactMap(\.self) {
      let trial = try Trial(
        judge, weights, network, input: replay.input, suspects: suspects, segment: Array(stages[first...end]),
        feed: feed, feedIsExact: finding.feedIsExact, budget: budget)
      guard let error = try trial.error(WhatIf()), trial.criterion.accepts(error) else { return trial }
    }
    return nil
  }

  /// The network with exchangeable layers, packed once.
  func changingNetwork() throws -> ChangingNetwork {
    if let network { return network }
    let made = try ChangingNetwork(tree, weights: weights, threads: threads, instructions: instructions)
    network = made
    return made
  }
}
