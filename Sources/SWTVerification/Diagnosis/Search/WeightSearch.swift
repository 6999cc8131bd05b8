internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTGoldens

/// Searches for a single weight or filter whose change explains the error of one stage.
///
/// The gradient selects a few candidates: the error caused by a changed weight is parallel to that weight's
/// effect on the output. Each candidate is then tried.
struct WeightSearch<Source: WeightSource> {
  let trial: Trial<Source>
  let reference: ReferenceEngine<Source>
  let budget: SearchBudget

  /// Number of weights of a stage to try.
  private static var weightsTried: Int { 24 }
  /// Number of filters of a stage to try.
  private static var filtersTried: Int { 12 }
  /// Iterations toward the value of a weight; the stage is piecewise linear in it.
  private static var steps: Int { 5 }

  /// Changes that explain the stage, the simplest first.
  func candidates() throws -> [(id: String, Hypothesis.Candidate)] {
    guard trial.segment.count == 1, let gradient = try gradient() else { return [] }
    return try filters(gradient) + weights(gradient)
  }

  private func gradient() throws -> StageGradient? {
    let stage = trial.segment[0]
    let output = try reference.runStage(stage, trial.feed).output
    guard let known = trial.judge.known(stage, output.shape) else { return nil }
    var residual = FeatureMap<Double>(shape: output.shape)
    var mask = residual
    for (index, value) in known {
      residual.values[index] = output.values[index] - value
      mask.values[index] = 1
    }
    return try StageGradient(reference, stage, trial.feed, residual: residual, isKnown: mask)
  }

  // MARK: Filters

  /// Filters that are all zero in the reference.
  private func filters(_ gradient: StageGradient) throws -> [(id: String, Hypothesis.Candidate)] {
    var ranked: [(layer: String, filter: Int, size: Int, gain: Double)] = []
    for unit in trial.judge.tree.convolutions {
      guard let slopes = gradient.gradients[unit.name] else { continue }
      let size = unit.weightShape.dropFirst().reduce(1, *)
      let values = try reference.source.doubles("\(unit.name).weight", count: slopes.count)
      for filter in 0..<unit.outputChannels {
        let range = filter * size..<(filter + 1) * size
        ranked.append((unit.name, filter, size, range.reduce(0) { $0 + slopes[$1] * values[$1] }))
      }
    }
    ranked.sort { $0.gain > $1.gain }
    return try ranked.prefix(Self.filtersTried).compactMap { item in
      try budget.check()
      let range = item.filter * item.size..<(item.filter + 1) * item.size
      let change = WeightChange { values in
        var changed = values
        for i in range { changed[i] = 0 }
        return changed
      }
      let whatIf = WhatIf(weights: ["\(item.layer).weight": change])
      guard try explains(whatIf) else { return nil }
      return (
        "filter-zeroed",
        .init(text: "filter \(item.filter) of \(item.layer) all zero", place: item.layer, change: whatIf)
      )
    }
  }

  // MARK: Single weights

  private func weights(_ gradient: StageGradient) throws -> [(id: String, Hypothesis.Candidate)] {
    var ranked: [(layer: String, place: Int, gain: Double, step: Double)] = []
    for (layer, slopes) in gradient.gradients.sorted(by: { $0.key < $1.key }) {
      guard let curvatures = gradient.curvatures[layer] else { continue }
      for place in slopes.indices where curvatures[place] > 0 {
        let step = -slopes[place] / curvatures[place]
        ranked.append((layer, place, slopes[place] * slopes[place] / curvatures[place], step))
      }
    }
    // Only the first few matter; a partial order would be enough.
    ranked.sort { $0.gain > $1.gain }
    var found: [(id: String, Hypothesis.Candidate)] = []
    for item in ranked.prefix(Self.weightsTried) {
      try budget.check()
      let name = "\(item.layer).weight"
      let value = try reference.source.withFloats(name) { $0[item.place] }
      guard let other = try fitted(name, item.place, value, step: Float(item.step)) else { continue }
      let place = index(item.layer, item.place)
      let isFlipped = abs(other + value) <= 1e-3 * abs(value)
      let text =
        isFlipped
        ? "the sign of \(name)\(place) flipped: \(value) instead of \(-value)"
        : "\(name)\(place) is \(value) instead of about \(other)"
      let target = isFlipped ? -value : other
      found.append(
        (
          "weight-changed",
          .init(text: text, place: item.layer, change: change(name, item.place, to: target))
        ))
    }
    return found
  }

  /// The value of one weight that brings the stage within its bound; nil if there is none.
  private func fitted(_ name: String, _ place: Int, _ value: Float, step: Float) throws -> Float? {
    if try explains(change(name, place, to: -value)) { return -value }
    guard let expected = trial.judge.known(trial.segment[0], nil) else { return nil }
    func outputs(_ weight: Float) throws -> [Double]? {
      let map = try trial.output(change(name, place, to: weight))
      guard map.values.count > (expected.last?.index ?? 0) else { return nil }
      return expected.map { map.values[$0.index] }
    }
    var weight = value
    var move = step
    var before = Double.infinity
    for _ in 0..<Self.steps {
      guard move.isFinite, move != 0, let here = try outputs(weight), let there = try outputs(weight + move)
      else { return nil }
      // The least-squares step along the weight's effect on the output.
      var (along, length, error) = (0.0, 0.0, 0.0)
      for i in here.indices {
        error += (expected[i].value - here[i]) * (expected[i].value - here[i])
        let slope = (there[i] - here[i]) / Double(move)
        along += slope * (expected[i].value - here[i])
        length += slope * slope
      }
      // If the weight is the fault, each step removes most of the error.
      guard length > 0, error < 0.1 * before else { return nil }
      before = error
      move = Float(along / length)
      weight += move
      if try explains(change(name, place, to: weight)) { return weight }
    }
    return nil
  }

  private func change(_ name: String, _ place: Int, to value: Float) -> WhatIf {
    let change = WeightChange { values in
      var changed = values
      changed[place] = value
      return changed
    }
    return WhatIf(weights: [name: change])
  }

  private func explains(_ change: WhatIf) throws -> Bool {
    try trial.error(change).map { trial.criterion.accepts($0) } ?? false
  }

  /// `[12, 3, 0, 2]`
  private func index(_ layer: String, _ place: Int) -> [Int] {
    let tree = trial.judge.tree
    let shape =
      tree.convolutions.first { $0.name == layer }?.weightShape
      ?? [tree.head?.outputFeatures ?? 1, tree.head?.inputFeatures ?? 1]
    return GoldenReport.NonFinite(layer, place, shape: shape, value: 0).position
  }
}

extension GoldenJudge {
  /// The golden's values of a stage's output, by flat index in ascending order; nil if the shape differs.
  func known(_ stage: String, _ shape: [Int]?) -> [(index: Int, value: Double)]? {
    if stage == tree.tapNames.last {
      guard shape == nil || shape == golden.output.shape else { return nil }
      return golden.output.reference.enumerated().map { ($0, $1) }
    }
    guard let tap = golden.tap(stage), shape == nil || tap.shape == shape else { return nil }
    switch tap.values {
    case .full(let values): return values.enumerated().map { ($0, Double($1)) }
    case .sampled(let seed, let values):
      let places = GoldenTap.indices(seed: seed, count: values.count, of: tap.elementCount)
      var known: [Int: Double] = [:]
      for (place, value) in zip(places, values) { known[place] = Double(value) }
      return known.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
  }
}
