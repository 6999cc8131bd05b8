internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTGoldens
internal import SWTPlatform

/// What changes of weights do to the outputs of a part of the network, to first order and without a run.
///
/// One backpropagation of the missing difference tells for every change how much of it the change would
/// bring, as a fraction: 1 for the right one if the network were linear. Of a thousand changes, few are near
/// that, and only they are worth a run.
struct Prediction<Source: WeightSource> {
  private let gradient: NetworkGradient
  private let tree: LayerTree
  private let weights: Source
  /// Sum of the squared differences.
  private let error: Double
  /// Those of each layer's own weights.
  private var terms: [String: [Double]] = [:]

  /// nil if the part has a layer whose derivative is not implemented.
  init?(_ trial: Trial<Source>) throws {
    let tree = trial.judge.tree
    (self.tree, weights) = (tree, trial.weights)
    let last = trial.segment[trial.segment.count - 1]
    let layers = trial.segment.flatMap { tree.layers(of: $0).dropsLast(ofBlock: tree.block($0)) }
    let result = try trial.network.engine.run(
      from: trial.segment[0], trial.feed, taps: Set(trial.segment + layers))
    guard let output = result.taps[last], let known = trial.judge.known(last, output.shape) else {
      return nil
    }
    var seed = FeatureMap<Double>(shape: output.shape)
    var error = 0.0
    for (index, value) in known {
      seed.values[index] = value - Double(output.values[index])
      error += seed.values[index] * seed.values[index]
    }
    guard error > 0, error.isFinite else { return nil }
    self.error = error
    let made = try NetworkGradient(
      tree, weights, trial.segment, feed: trial.feed, maps: result.taps, seed: seed, threads: trial.threads)
    guard let made else { return nil }
    gradient = made
    for layer in made.gradients.keys { terms[layer] = try made.terms(layer, weights) }
  }

  /// How far the fraction that a change would bring is from 1, in factors; infinite if it goes the other way.
  static func distance(_ fraction: Double) -> Double {
    fraction > 0 && fraction.isFinite ? abs(log(fraction)) : .infinity
  }

  /// The fraction of the missing difference that changed weights would bring.
  func fraction(_ change: WhatIf) throws -> Double {
    let source = change.source(over: weights)
    var sum = 0.0
    for layer in change.layers(in: tree) {
      guard let biases = gradient.biases[layer] else { continue }
      let before = terms[layer] ?? []
      let after = change.weights["\(layer).weight"] == nil ? before : try gradient.terms(layer, source)
      guard let unit = tree.convolutions.first(where: { $0.name == layer }) else {
        sum += zip(after, before).reduce(0) { $0 + $1.0 - $1.1 }
        let (old, new) = (try bias(layer, weights), try bias(layer, source))
        for (o, slope) in biases.enumerated() where o < old.count { sum += slope * (new[o] - old[o]) }
        continue
      }
      let (old, new) = (
        try Normalization(of: unit, from: weights).folded, try Normalization(of: unit, from: source).folded
      )
      for o in biases.indices {
        let (scale, other) = (old.scale?[o] ?? 1, new.scale?[o] ?? 1)
        if scale != 0 { sum += after[o] * other / scale - before[o] }
        sum += biases[o] * (new.bias[o] - old.bias[o])
      }
    }
    return sum / error
  }

  private func bias(_ layer: String, _ source: some WeightSource) throws -> [Double] {
    guard weights.holds("\(layer).bias") else { return [] }
    return try source.withFloats("\(layer).bias") { span in span.indices.map { Double(span[$0]) } }
  }

  // MARK: Parts of layers

  /// A filter, or a weight, by its index in its layer.
  struct Part {
    let layer: String
    let index: Int
    let distance: Double
  }

  /// The filters of which the lack would bring about the whole difference, the likeliest first.
  func lackingFilters(_ count: Int) -> [Part] {
    var best = Best<Part>(count)
    for unit in tree.convolutions {
      for (filter, term) in (terms[unit.name] ?? []).enumerated() {
        let distance = Self.distance(-term / error)
        if distance < best.bound {
          best.insert(Part(layer: unit.name, index: filter, distance: distance), distance)
        }
      }
    }
    return best.items
  }

  /// The weights of which another sign would bring about the whole difference, the likeliest first.
  func flippedWeights(_ count: Int) throws -> [Part] {
    var best = Best<Part>(count)
    let limit = Float(error)
    for (layer, slopes) in gradient.gradients.sorted(by: { $0.key < $1.key }) {
      try weights.withFloats("\(layer).weight") { values in
        guard values.count == slopes.count else { return }
        for i in slopes.indices {
          let effect = -2 * values[i] * slopes[i]
          // Few are within a factor of two.
          guard effect > 0.5 * limit, effect < 2 * limit else { continue }
          let distance = Self.distance(Double(effect) / error)
          if distance < best.bound {
            best.insert(Part(layer: layer, index: i, distance: distance), distance)
          }
        }
      }
    }
    return best.items
  }
}

extension [String] {
  /// The output of a block's last convolution is not kept: it is computed together with the sum.
  fileprivate func dropsLast(ofBlock block: ResidualBlock?) -> [String] {
    guard let block else { return self }
    return block.body.dropLast().map(\.name)
  }
}
