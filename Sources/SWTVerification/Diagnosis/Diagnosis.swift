internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTGoldens

/// A confirmed explanation and its change.
struct Explanation {
  let cause: Cause
  let change: WhatIf
}

/// Tries everything in the table of hypotheses on the stage that is wrong, and on the whole network what
/// helps there.
///
/// A hypothesis is accepted only if all outputs and taps of the golden are then within their bounds.
struct Diagnosis<Source: WeightSource> {
  let trial: Trial<Source>
  let isFolded: Bool
  /// The comparison of the weights with the golden's digests.
  let weightsReport: WeightsReport?
  /// Relative L2 error of the output without a change.
  let errorBefore: Double
  /// The program whose outputs the trial explains.
  var party = CauseParty.reference
  var budget = SearchBudget()

  private struct Screened {
    let order: Int
    let hypothesis: Hypothesis
    let candidate: Hypothesis.Candidate
    let metrics: ErrorMetrics
    let timesFloor: Double
    let matchesDigests: Bool
  }

  /// Number of candidates, of those that help in the stage, to try on the whole network.
  private static var confirmations: Int { 6 }

  /// The first explanation that holds, what explained another golden of this model before all others; nil
  /// when none does.
  func run(known: [Explanation] = []) throws -> Explanation? {
    var helpful: [Screened] = []
    do {
      return try search(known, &helpful)
    } catch InferenceError.interrupted {
      return try local(helpful)
    }
  }

  private func search(_ known: [Explanation], _ helpful: inout [Screened]) throws -> Explanation? {
    for explanation in known {
      if let again = try confirmed(explanation.change, as: explanation.cause) { return again }
    }
    let tree = trial.judge.tree
    let site = Hypothesis.Site(
      tree: tree, stages: trial.suspects, isFolded: isFolded,
      goldenEpsilon: trial.judge.golden.architecture.epsilon)
    // What concerns exactly the tensors that differ is tried first, then one value of the only one.
    let proposals = try proposals(site)
    let likely = proposals.filter { matchesDigests($0.candidate.change) }
    for (_, hypothesis, candidate) in likely {
      if try helps(candidate) != nil, let explanation = try confirm(hypothesis, candidate) {
        return explanation
      }
    }
    if weightsReport?.differing.count == 1, trial.segment.count == 1, let found = try single() {
      return found
    }
    for (order, hypothesis, candidate) in proposals {
      if budget.isOver { break }
      guard let metrics = try helps(candidate) else { continue }
      let matches = matchesDigests(candidate.change)
      helpful.append(
        Screened(
          order: order, hypothesis: hypothesis, candidate: candidate, metrics: metrics,
          timesFloor: trial.criterion.timesFloor(metrics), matchesDigests: matches))
      // Nothing better can follow: it explains the output, and the digests do not suggest another.
      if isWhole || party == .engine, matches || weightsReport?.passes ?? true,
        let explanation = try confirm(hypothesis, candidate)
      {
        return explanation
      }
    }
    helpful.sort { a, b in
      if a.matchesDigests != b.matchesDigests { return a.matchesDigests }
      return (a.order, a.timesFloor) < (b.order, b.timesFloor)
    }
    for screened in helpful.prefix(Self.confirmations) {
      if budget.isOver { break }
      if let explanation = try confirm(screened.hypothesis, screened.candidate) { return explanation }
    }
    if let local = try local(helpful) { return local }
    return budget.isOver ? nil : try single()
  }

  /// A single weight or filter.
  private func single() throws -> Explanation? {
    let search = WeightSearch(
      trial: trial,
      reference: ReferenceEngine(
        trial.judge.tree, weights: trial.weights, threads: trial.threads, isInterrupted: budget.interruption),
      budget: budget)
    return try search.first { id, candidate in
      try confirm(Hypothesis(id: id, side: .weights), candidate)
    }
  }

  /// For an engine, whose other stages may have faults of their own: what explains this stage alone.
  private func local(_ helpful: [Screened]) throws -> Explanation? {
    guard party == .engine, let best = helpful.first, let before = try trial.error(WhatIf()),
      best.metrics.relL2 * 10 <= before.relL2
    else { return nil }
    let after = best.metrics
    let side = side(of: best.hypothesis, best.candidate.change)
    let cause = Cause(
      id: best.hypothesis.id, text: side.sentence(best.candidate.text, party), side: side,
      place: best.candidate.place ?? trial.suspects.last, relL2Before: before.relL2, relL2After: after.relL2,
      explainsToTimesFloor: best.timesFloor, isConfirmed: false, party: party)
    return Explanation(cause: cause, change: best.candidate.change)
  }

  /// Whether the segment ends with the network's output.
  private var isWhole: Bool { trial.segment.last == trial.judge.tree.tapNames.last }

  /// The same for a candidate; what is small in one stage may help only if changed everywhere.
  private func helps(_ candidate: Hypothesis.Candidate) throws -> ErrorMetrics? {
    if let metrics = try helps(candidate.change) { return metrics }
    guard trial.segment.count > 1, candidate.change.changesFunction, let wider = candidate.everywhere else {
      return nil
    }
    return try helps(wider.change)
  }

  /// The remaining error of the segment with a change; nil if too large.
  private func helps(_ change: WhatIf) throws -> ErrorMetrics? {
    guard let metrics = try trial.error(change), metrics.firstNonFinite == nil,
      trial.criterion.accepts(metrics)
    else { return nil }
    return metrics
  }

  /// Whether a change affects exactly the tensors whose digests differ.
  private func matchesDigests(_ change: WhatIf) -> Bool {
    guard let differing = weightsReport?.differing, !differing.isEmpty else { return false }
    return Set(change.weights.keys) == Set(differing)
  }

  private func confirm(
    _ hypothesis: Hypothesis, _ candidate: Hypothesis.Candidate
  ) throws -> Explanation? {
    var tries = [(candidate.text, candidate.place, candidate.change)]
    if let wider = candidate.everywhere {
      // Ports compute a different function everywhere; weights are damaged in one place.
      tries.insert((wider.text, nil, wider.change), at: candidate.change.changesFunction ? 0 : 1)
    }
    for (text, place, change) in tries {
      let side = side(of: hypothesis, change)
      let cause = Cause(
        id: hypothesis.id, text: side.sentence(text, party), side: side, place: place,
        relL2Before: errorBefore, relL2After: .nan, explainsToTimesFloor: .infinity, isConfirmed: false,
        party: party)
      if let explanation = try confirmed(change, as: cause) { return explanation }
    }
    return nil
  }

  /// Runs the whole network with a change; nil if it does not pass.
  private func confirmed(_ change: WhatIf, as cause: Cause) throws -> Explanation? {
    try budget.check()
    guard let comparisons = try trial.comparisons(change), comparisons.allSatisfy(\.passes) else {
      return nil
    }
    var cause = cause
    cause.relL2Before = errorBefore
    cause.relL2After = comparisons[0].metrics.relL2
    cause.explainsToTimesFloor = comparisons.map(\.timesFloor).max() ?? 0
    cause.isConfirmed = true
    return Explanation(cause: cause, change: change)
  }

  /// Weights that are shown to be the reference's cannot be wrong in the model: the reference used them
  /// otherwise.
  private func side(of hypothesis: Hypothesis, _ change: WhatIf) -> Cause.Side {
    hypothesis.side == .weights && weightsReport?.passes == true ? .computation : hypothesis.side
  }

}

extension Cause.Side {
  /// Says who has what the text names.
  fileprivate func sentence(_ text: String, _ party: CauseParty) -> String {
    if party == .engine {
      let text = text.replacing("in the reference", with: "in the engine")
      return self == .input ? "\(text) (in the engine's input)" : "the engine has \(text)"
    }
    return switch self {
    case .weights: "the model has \(text)"
    case .computation, .precision: "the reference has \(text)"
    case .input: "\(text) (in the reference's input)"
    case .engine: text
    }
  }
}
