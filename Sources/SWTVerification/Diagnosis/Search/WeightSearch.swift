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
  private static var filtersTried: Int { 24 }
  /// Iterations toward the value of a weight; the stage is piecewise linear in it.
  private static var steps: Int { 5 }

  private typealias Found = (id: String, candidate: Hypothesis.Candidate)

  /// Times the bound from which on an error is so large that float32 tells it from rounding.
  private static var clearError: Double { 4 }

  /// Changes that explain the stage, the simplest first, those that leave the least before others.
  ///
  /// `confirm` is asked for each; its first answer ends the search.
  func first<Answer>(_ confirm: (String, Hypothesis.Candidate) throws -> Answer?) throws -> Answer? {
    guard trial.segment.count == 1, let (gradient, error) = try gradient() else { return nil }
    for found in try filters(gradient, error) + weights(gradient) {
      if let answer = try confirm(found.id, found.candidate) { return answer }
    }
    return nil
  }

  /// The gradient of half the sum of squared errors of the stage, and that sum.
  private func gradient() throws -> (NetworkGradient, squares: Double)? {
    let tree = trial.judge.tree
    let stage = trial.segment[0]
    let layers = Set(tree.layers(of: stage).filter { $0 != stage }).subtracting(
      tree.block(stage).map { [$0.body[$0.body.count - 1].name, $0.downsample?.name].compactMap(\.self) }
        ?? [])
    guard let before = try trial.error(WhatIf()) else { return nil }
    var output: FeatureMap<Double>
    var maps: [String: FeatureMap<Float>]
    if before.relL2 >= Self.clearError * trial.criterion.allowedRelL2 {
      let result = try trial.network.engine.runStage(stage, trial.feed, taps: layers)
      (output, maps) = (result.output.converted(), result.taps)
    } else {
      let result = try reference.runStage(stage, trial.feed, taps: layers)
      (output, maps) = (result.output, result.taps.mapValues { $0.converted() })
    }
    maps[stage] = output.converted()
    guard let known = trial.judge.known(stage, output.shape) else { return nil }
    var residual = FeatureMap<Double>(shape: output.shape)
    var mask = residual
    for (index, value) in known {
      residual.values[index] = output.values[index] - value
      mask.values[index] = 1
    }
    let squares = residual.values.reduce(0) { $0 + $1 * $1 }
    return try NetworkGradient(
      tree, trial.weights, [stage], feed: trial.feed, maps: maps, seed: residual, isKnown: mask,
      threads: trial.threads
    ).map { ($0, squares) }
  }

  // MARK: Filters

  /// Filters that are all zero in the reference.
  private func filters(_ gradient: NetworkGradient, _ error: Double) throws -> [Found] {
    var best = Best<(layer: String, filter: Int)>(Self.filtersTried)
    for unit in trial.judge.tree.convolutions {
      guard gradient.gradients[unit.name] != nil else { continue }
      for (filter, term) in try gradient.terms(unit.name, reference.source).enumerated() {
        // The lack of the right one brings about the whole error.
        best.insert((unit.name, filter), Prediction<Source>.distance(term / error))
      }
    }
    return try ranked(best.items.map { ("filter-zeroed", Self.lack(of: $0.filter, in: $0.layer, trial)) })
  }

  /// A candidate that sets a filter to zero.
  static func lack(of filter: Int, in layer: String, _ trial: Trial<Source>) -> Hypothesis.Candidate {
    let filters = trial.judge.tree.convolutions.first { $0.name == layer }?.outputChannels ?? 1
    let change = WeightChange { values in
      let size = values.count / max(1, filters)
      var changed = values
      for i in filter * size..<(filter + 1) * size { changed[i] = 0 }
      return changed
    }
    return .init(
      text: "filter \(filter) of \(layer) all zero", place: layer,
      change: WhatIf(weights: ["\(layer).weight": change]))
  }

  /// The candidates that explain the stage, what leaves the least first.
  private func ranked(_ candidates: [Found]) throws -> [Found] {
    var left: [(Found, Double)] = []
    for found in candidates {
      try budget.check()
      if let metrics = try trial.error(found.candidate.change), trial.criterion.accepts(metrics) {
        left.append((found, trial.criterion.timesFloor(metrics)))
      }
    }
    return left.sorted { $0.1 < $1.1 }.map(\.0)
  }

  // MARK: Single weights

  private func weights(_ gradient: NetworkGradient) throws -> [Found] {
    var best = Best<(layer: String, place: Int, step: Double)>(Self.weightsTried)
    for (layer, slopes) in gradient.gradients.sorted(by: { $0.key < $1.key }) {
      guard let curvatures = gradient.curvatures[layer] else { continue }
      for place in slopes.indices where curvatures[place] > 0 {
        let (slope, curvature) = (Double(slopes[place]), Double(curvatures[place]))
        let gain = slope * slope / curvature
        if -gain < best.bound { best.insert((layer, place, -slope / curvature), -gain) }
      }
    }
    let items = try best.items.map { item in
      (item, value: try reference.source.withFloats("\(item.layer).weight") { $0[item.place] })
    }
    func changed(_ index: Int, to other: Float) -> Found {
      let (item, value) = items[index]
      return ("weight-changed", Self.changed(item.layer, item.place, value, to: other, trial))
    }
    // A sign needs no fit.
    let flipped = try ranked(items.indices.map { changed($0, to: -items[$0].value) })
    if !flipped.isEmpty { return flipped }
    var found: [Found] = []
    for (index, (item, value)) in items.enumerated() {
      try budget.check()
      let name = "\(item.layer).weight"
      guard let other = try fitted(name, item.place, value, step: Float(item.step)) else { continue }
      found.append(changed(index, to: other))
    }
    return try ranked(found)
  }

  /// A candidate that changes one weight.
  static func changed(
    _ layer: String, _ place: Int, _ value: Float, to other: Float, _ trial: Trial<Source>
  ) -> Hypothesis.Candidate {
    let isFlipped = abs(other + value) <= 1e-3 * abs(value)
    let target = isFlipped ? -value : other
    let name = "\(layer).weight"
    let tree = trial.judge.tree
    let shape =
      tree.convolutions.first { $0.name == layer }?.weightShape
      ?? [tree.head?.outputFeatures ?? 1, tree.head?.inputFeatures ?? 1]
    // `[12, 3, 0, 2]`
    let index = GoldenReport.NonFinite(layer, place, shape: shape, value: 0).position
    return .init(
      text: isFlipped
        ? "the sign of \(name)\(index) flipped: \(value) instead of \(target)"
        : "\(name)\(index) is \(value) instead of about \(other)",
      place: layer, change: change(name, place, to: target))
  }

  /// The value of one weight that brings the stage within its bound; nil if there is none.
  private func fitted(_ name: String, _ place: Int, _ value: Float, step: Float) throws -> Float? {
    guard let expected = trial.judge.known(trial.segment[0], nil) else { return nil }
    func outputs(_ weight: Float) throws -> [Double]? {
      let map = try trial.output(Self.change(name, place, to: weight))
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
      if try explains(Self.change(name, place, to: weight)) { return weight }
    }
    return nil
  }

  private static func change(_ name: String, _ place: Int, to value: Float) -> WhatIf {
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
