internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTGoldens

/// The order in which changes are tried: what is likely for its cost comes first.
extension Diagnosis {
  typealias Proposal = (order: Int, hypothesis: Hypothesis, candidate: Hypothesis.Candidate)

  /// How many times a float64 run costs that of the fast engine.
  private static var slowness: Double { 8 }
  /// Factors between the predicted and the whole effect up to which a change is worth an early run: faults
  /// of early layers are far from linear.
  private static var nearDistance: Double { 0.8 }
  /// Relative errors of the output below which a filter or a weight is likelier than another function.
  private static var smallError: Double { 0.02 }
  /// Filters and weights to try if the stage is not known.
  private static var filtersTried: Int { 160 }
  private static var weightsTried: Int { 60 }

  /// What to try, in order.
  ///
  /// If the stage is known, changes that only the float64 engine can run come last. If many stages may be at
  /// fault, what ports are known to do everywhere comes first, and single layers follow by what a
  /// backpropagation predicts of them.
  func proposals(_ site: Hypothesis.Site) throws -> [Proposal] {
    let all = Hypothesis.all(isFolded: isFolded).enumerated().flatMap { order, hypothesis -> [Proposal] in
      // An engine's precision is searched for in its own way.
      if party == .engine, hypothesis.side == .precision { return [] }
      return hypothesis.candidates(site).map { (order, hypothesis, $0) }
    }
    let fast = all.filter { !$0.candidate.change.deviates }
    let slow = sorted(all.filter { $0.candidate.change.deviates }) { effort($0.candidate.change) }
    guard site.stages.count > GoldenReport.Divergence.mostAlternatives else {
      // Another program's results tell the order only if every change is tried.
      return party == .engine ? fast + slow : all
    }
    let usual = sorted(fast.filter { isUsual($0.candidate.change) }) { effort($0.candidate.change) }
    let single = fast.filter { !isUsual($0.candidate.change) }
    guard trial.segment.count > 1, !budget.isOver, let prediction = try Prediction(trial) else {
      return usual + slow + sorted(single) { effort($0.candidate.change) }
    }
    let distances = try single.map {
      Prediction<Source>.distance(try prediction.fraction($0.candidate.change))
    }
    let ranked = distances.indices.sorted { (distances[$0], $0) < (distances[$1], $1) }
    let near = ranked.filter { distances[$0] <= Self.nearDistance }.map { single[$0] }
    let far = ranked.filter { !(distances[$0] <= Self.nearDistance) }.map { single[$0] }
    let parts = try parts(prediction, order: all.count)
    let isSmall = errorBefore < Self.smallError
    return usual + (isSmall ? near + parts + slow : near + slow + parts) + far
  }

  /// Filters and weights of any layer.
  private func parts(_ prediction: Prediction<Source>, order: Int) throws -> [Proposal] {
    let filters = prediction.lackingFilters(Self.filtersTried).map { part in
      Proposal(
        order, Hypothesis(id: "filter-zeroed", side: .weights),
        WeightSearch.lack(of: part.index, in: part.layer, trial))
    }
    let weights = try prediction.flippedWeights(Self.weightsTried).map { part in
      let value = try trial.weights.withFloats("\(part.layer).weight") { $0[part.index] }
      return Proposal(
        order, Hypothesis(id: "weight-changed", side: .weights),
        WeightSearch.changed(part.layer, part.index, value, to: -value, trial))
    }
    return filters + weights
  }

  private func sorted(_ proposals: [Proposal], by key: (Proposal) -> Double) -> [Proposal] {
    let keys = proposals.map(key)
    return keys.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }.map { proposals[$0] }
  }

  /// Ports compute another function, prepare another input or load whole blocks in another order more often
  /// than one layer is damaged.
  private func isUsual(_ change: WhatIf) -> Bool {
    change.changesFunction || change.input != nil || change.output != nil
      || change.layers(in: trial.judge.tree).count >= 4
  }

  /// The cost of a run of the segment in stages of the fast engine.
  private func effort(_ change: WhatIf) -> Double {
    let tree = trial.judge.tree
    let changed = change.layers(in: tree)
    let first =
      change.input == nil && !change.deviates
      ? trial.segment.firstIndex { tree.layers(of: $0).contains { changed.contains($0) } } : nil
    return trial.segment[(first ?? 0)...].reduce(0.0) { sum, stage in
      sum + (change.deviates && change.deviation.concerns(stage, of: tree) ? Self.slowness : 1)
    }
  }
}
