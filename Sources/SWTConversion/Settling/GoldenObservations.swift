internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTGoldens

/// What a golden says about the first of its pictures: the outputs of stages, and that of the network.
struct GoldenObservations {
  /// Values at a place of the network.
  private struct Observation {
    /// Indices of the values in the output of that place; nil for all.
    var indices: [Int]?
    var values: [Float]
  }

  /// How far a network comes with these.
  struct Match: Comparable {
    /// Places before the first one that differs.
    var places: Int
    /// The relative error there, or at the output.
    var error: Double
    /// What was computed there.
    var values: [Float]

    static func < (first: Match, second: Match) -> Bool {
      first.places == second.places ? first.error < second.error : first.places > second.places
    }
  }

  /// A relative error that a wrong epsilon makes, but hardly a wrong stride.
  private static let similar = 0.02

  private var stages: [String: Observation] = [:]
  private let output: Observation
  /// Whether it says more than what the network puts out.
  var showsStages: Bool { !stages.isEmpty }
  /// The first picture.
  let input: FeatureMap<Float>

  init(_ golden: Golden) {
    let count = golden.input.shape[0]
    input = FeatureMap(shape: golden.input.shape, values: golden.input.floats()).first(1)
    let values = golden.output.reference.prefix(golden.output.reference.count / count)
    output = Observation(values: values.map { Float($0) })
    for tap in golden.taps {
      let size = tap.elementCount / count
      switch tap.values {
      case .full(let values): stages[tap.name] = Observation(values: Array(values.prefix(size)))
      case .sampled(let seed, let values):
        let all = zip(GoldenTap.indices(seed: seed, count: values.count, of: tap.elementCount), values)
        let first = all.filter { $0.0 < size }
        // A few values are similar by chance.
        if first.count >= 16 {
          stages[tap.name] = Observation(indices: first.map(\.0), values: first.map(\.1))
        }
      }
    }
  }

  /// Computes a network as far as it agrees.
  ///
  /// - Precondition: The sizes of its outputs are the golden's.
  /// - Throws: ``InferenceError``.
  func match(_ tree: LayerTree, _ runs: CandidateRuns) throws -> Match {
    let last = tree.head?.name ?? tree.blocks.last?.name
    var match = Match(places: 0, error: .infinity, values: [])
    try runs.run(tree) { name, map in
      guard let observation = name == last ? output : stages[name] else { return true }
      let values = observation.indices.map { $0.map { map.values[$0] } } ?? map.values
      let error = Self.relativeError(values, observation.values)
      (match.values, match.error) = (values, error)
      if name == last || error > Self.similar { return false }
      match.places += 1
      return true
    }
    return match
  }

  /// How much of the way from one result to another one leads nearest to the golden's, and the part of the
  /// squared error that it removes; nil if the results are not of the same place or do not differ.
  func step(from first: Match, to second: Match, _ tree: LayerTree) -> (length: Double, explained: Double)? {
    guard first.places == second.places, first.values.count == second.values.count,
      let expected = expected(at: first.places, tree), expected.count == first.values.count
    else { return nil }
    var (product, square, rest) = (0.0, 0.0, 0.0)
    for index in expected.indices {
      let way = Double(second.values[index]) - Double(first.values[index])
      let error = Double(expected[index]) - Double(first.values[index])
      product += way * error
      square += way * way
      rest += error * error
    }
    let length = product / square
    return length.isFinite ? (length, product * product / (square * rest)) : nil
  }

  private func expected(at place: Int, _ tree: LayerTree) -> [Float]? {
    let last = tree.head?.name ?? tree.blocks.last?.name
    let places = tree.tapNames.filter { $0 != last && stages[$0] != nil && tree.endsStage($0) }
    if place == places.count { return output.values }
    return stages[places[place]]?.values
  }

  /// `‖values − expected‖₂ / ‖expected‖₂`; infinite if a value is not finite, or their numbers differ.
  static func relativeError<Expected: BinaryFloatingPoint>(
    _ values: [Float], _ expected: some Collection<Expected>
  ) -> Double {
    guard values.count == expected.count else { return .infinity }
    var (error, norm) = (0.0, 0.0)
    for (value, expected) in zip(values, expected) {
      error += (Double(value) - Double(expected)) * (Double(value) - Double(expected))
      norm += Double(expected) * Double(expected)
    }
    let relative = (error / max(norm, 1e-300)).squareRoot()
    return relative.isFinite ? relative : .infinity
  }
}

extension LayerTree {
  /// Whether a tap is the stem's, the pooling's or the last of a stage.
  fileprivate func endsStage(_ tap: String) -> Bool {
    guard let index = blocks.firstIndex(where: { $0.name == tap }) else {
      return tap == stem.name || tap == maxPool?.name
    }
    return index + 1 == blocks.count || blocks[index + 1].stage != blocks[index].stage
  }
}
