internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTThreads

/// The derivatives of a sum over a part of the network's outputs, with respect to the weights of its layers.
struct NetworkGradient {
  /// By layer, row-major like its weights.
  private(set) var gradients: [String: [Float]] = [:]
  /// By layer, if requested: approximately the squared effect of each weight on the output, summed: the
  /// diagonal of the Gauss-Newton matrix without terms that mix channels (LeCun et al. 1989, "Optimal Brain
  /// Damage").
  private(set) var curvatures: [String: [Float]] = [:]
  /// By layer: the derivatives with respect to what is added to each filter's sums.
  private(set) var biases: [String: [Double]] = [:]

  private let tree: LayerTree
  private let threads: ThreadPool

  /// What backpropagation carries from layer to layer: the gradient, and the squared effect if requested.
  fileprivate struct Signal {
    var gradient: FeatureMap<Double>
    var curvature: FeatureMap<Double>?

    /// A ReLU passes what is behind positive outputs.
    mutating func pass(reluWith output: [Float]) {
      for i in output.indices where !(output[i] > 0) {
        gradient.values[i] = 0
        curvature?.values[i] = 0
      }
    }

    mutating func add(_ other: Signal) {
      for i in gradient.values.indices { gradient.values[i] += other.gradient.values[i] }
      guard let squares = other.curvature?.values else { return }
      for i in squares.indices { curvature?.values[i] += squares[i] }
    }

    func mapped(_ body: (FeatureMap<Double>) -> FeatureMap<Double>) -> Signal {
      Signal(gradient: body(gradient), curvature: curvature.map(body))
    }
  }

  /// Backpropagates through `stages`, a sequence of the network's.
  ///
  /// - Parameters:
  ///   - tree: The network.
  ///   - weights: Its weights.
  ///   - stages: The stages, in execution order.
  ///   - feed: The input of the first.
  ///   - maps: The outputs of all, and of their layers except each block's last, by name.
  ///   - seed: What each output is multiplied by in the sum.
  ///   - isKnown: 1 where an output counts, else 0; nil for no ``curvatures``.
  ///   - threads: The threads that compute.
  ///
  /// nil if a stage has gates, filters, a blurred or averaged shortcut, or pools otherwise than the networks of
  /// the papers; their derivatives are not implemented.
  ///
  /// - Throws: What `weights` throws.
  init?<Source: WeightSource>(
    _ tree: LayerTree, _ weights: Source, _ stages: [String], feed: FeatureMap<Float>,
    maps: [String: FeatureMap<Float>], seed: FeatureMap<Double>, isKnown: FeatureMap<Double>? = nil,
    threads: ThreadPool
  ) throws {
    (self.tree, self.threads) = (tree, threads)
    var signal = Signal(gradient: seed, curvature: isKnown)
    for (place, stage) in stages.enumerated().reversed() {
      let input = place == 0 ? feed : maps[stages[place - 1]]
      guard let input, let output = maps[stage],
        let next = try backward(stage, input, output, maps, signal, weights, isFirst: place == 0)
      else { return nil }
      signal = next
    }
  }

  private mutating func backward(
    _ stage: String, _ input: FeatureMap<Float>, _ output: FeatureMap<Float>,
    _ maps: [String: FeatureMap<Float>], _ signal: Signal, _ weights: some WeightSource, isFirst: Bool
  ) throws -> Signal? {
    if let head = tree.head, stage == head.name { return try classify(head, input, signal, weights) }
    if stage == "avgpool" {
      guard tree.architecture.finalPool != .maximum else { return nil }
      let area = Double(input.shape[2] * input.shape[3])
      return signal.mapped { spread($0, over: input.shape) }.scaled(1 / area)
    }
    if let pool = tree.maxPool, stage == pool.name {
      guard pool.kind == .maximum, tree.poolBlur == nil else { return nil }
      return signal.mapped { unpooled($0, pool, input) }
    }
    let isStem = stage == tree.stem.name
    var signal = signal
    signal.pass(reluWith: output.values)
    let block = tree.block(stage)
    guard isStem || block?.isPlain == true else { return nil }
    let body = block?.body ?? tree.stem.units
    let inputs = [input] + body.dropLast().compactMap { maps[$0.name] }
    guard inputs.count == body.count else { return nil }
    var result = signal
    for (place, unit) in body.enumerated().reversed() {
      result = try backward(unit, inputs[place], result, weights, needsInput: !(isFirst && place == 0))
      // The input is the ReLU output of the previous convolution.
      if place > 0 { result.pass(reluWith: inputs[place].values) }
    }
    switch block?.shortcut {
    case nil: break
    case .identity: result.add(signal)
    case .padded(let padding): result.add(signal.mapped { unpadded($0, padding, input.shape) })
    case .projection(let unit, _):
      result.add(try backward(unit, input, signal, weights, needsInput: !isFirst))
    }
    return result
  }

  // MARK: Layers with weights

  private mutating func backward(
    _ unit: ConvolutionUnit, _ input: FeatureMap<Float>, _ signal: Signal, _ source: some WeightSource,
    needsInput: Bool
  ) throws -> Signal {
    let weights = try source.doubles("\(unit.name).weight", count: unit.weightShape.reduce(1, *))
    let scale = try Normalization(of: unit, from: source).folded.scale
    var (sums, squares) = (signal.gradient, signal.curvature)
    let area = sums.shape[2] * sums.shape[3]
    var bias = [Double](repeating: 0, count: unit.outputChannels)
    for i in sums.values.indices {
      let channel = i / area % unit.outputChannels
      bias[channel] += sums.values[i]
      guard let factor = scale?[channel] else { continue }
      sums.values[i] *= factor
      squares?.values[i] *= factor * factor
    }
    let x: FeatureMap<Double> = input.converted()
    let back = ConvolutionGradient(unit, weights: weights, input: x, threads: threads)
      .backward(sums, needsInput: needsInput)
    gradients[unit.name] = back.weights.map { Float($0) }
    biases[unit.name] = bias
    var result = Signal(gradient: back.input ?? FeatureMap(shape: input.shape), curvature: nil)
    if let squares {
      var squared = x
      for i in squared.values.indices { squared.values[i] *= squared.values[i] }
      let flat = ConvolutionGradient(unit, weights: weights.map { $0 * $0 }, input: squared, threads: threads)
        .backward(squares, needsInput: needsInput)
      curvatures[unit.name] = flat.weights.map { Float($0) }
      result.curvature = flat.input ?? FeatureMap(shape: input.shape)
    }
    return result
  }

  private mutating func classify(
    _ head: LinearUnit, _ feed: FeatureMap<Float>, _ signal: Signal, _ source: some WeightSource
  ) throws -> Signal {
    let (outputs, inputs) = (head.outputFeatures, head.inputFeatures)
    let weights = try source.doubles("\(head.name).weight", count: outputs * inputs)
    var gradient = [Float](repeating: 0, count: outputs * inputs)
    var curvature = signal.curvature == nil ? [] : gradient
    var bias = [Double](repeating: 0, count: outputs)
    var result = Signal(gradient: FeatureMap(shape: feed.shape), curvature: nil)
    if signal.curvature != nil { result.curvature = result.gradient }
    for n in 0..<feed.shape[0] {
      for o in 0..<outputs {
        let error = signal.gradient.values[n * outputs + o]
        let known = signal.curvature?.values[n * outputs + o]
        bias[o] += error
        for i in 0..<inputs {
          let x = Double(feed.values[n * inputs + i])
          let weight = weights[o * inputs + i]
          gradient[o * inputs + i] += Float(error * x)
          result.gradient.values[n * inputs + i] += error * weight
          guard let known else { continue }
          curvature[o * inputs + i] += Float(known * x * x)
          result.curvature?.values[n * inputs + i] += known * weight * weight
        }
      }
    }
    (gradients[head.name], biases[head.name]) = (gradient, bias)
    if signal.curvature != nil { curvatures[head.name] = curvature }
    return result
  }

  // MARK: Layers without weights

  private func spread(_ map: FeatureMap<Double>, over shape: [Int]) -> FeatureMap<Double> {
    var result = FeatureMap<Double>(shape: shape)
    let area = shape[2] * shape[3]
    for i in result.values.indices { result.values[i] = map.values[i / area] }
    return result
  }

  /// Each window's gradient to its largest value.
  private func unpooled(
    _ map: FeatureMap<Double>, _ pool: PoolUnit, _ input: FeatureMap<Float>
  ) -> FeatureMap<Double> {
    var result = FeatureMap<Double>(shape: input.shape)
    let (height, width, rows, columns) = (input.shape[2], input.shape[3], map.shape[2], map.shape[3])
    for plane in 0..<map.shape[0] * map.shape[1] {
      for row in 0..<rows {
        for column in 0..<columns {
          var (best, place): (Float, Int?) = (-.infinity, nil)
          for y in row * pool.stride - pool.padding..<row * pool.stride - pool.padding + pool.kernel
          where y >= 0 && y < height {
            let first = column * pool.stride - pool.padding
            for x in first..<first + pool.kernel where x >= 0 && x < width {
              let index = (plane * height + y) * width + x
              if input.values[index] > best { (best, place) = (input.values[index], index) }
            }
          }
          if let place { result.values[place] += map.values[(plane * rows + row) * columns + column] }
        }
      }
    }
    return result
  }

  private func unpadded(
    _ map: FeatureMap<Double>, _ shortcut: PaddedShortcut, _ shape: [Int]
  ) -> FeatureMap<Double> {
    var result = FeatureMap<Double>(shape: shape)
    let (height, width, rows, columns) = (shape[2], shape[3], map.shape[2], map.shape[3])
    for n in 0..<shape[0] {
      for channel in 0..<shape[1] {
        let (to, from) = (n * shape[1] + channel, n * map.shape[1] + shortcut.before + channel)
        for row in 0..<rows {
          for column in 0..<columns {
            result.values[(to * height + row * shortcut.stride) * width + column * shortcut.stride] =
              map.values[(from * rows + row) * columns + column]
          }
        }
      }
    }
    return result
  }
}

extension NetworkGradient {
  /// By filter of a layer: the sum of its weights, each times its slope. Not numbers if a source has another
  /// number of weights.
  func terms(_ layer: String, _ source: some WeightSource) throws -> [Double] {
    let slopes = gradients[layer] ?? []
    let filters = biases[layer]?.count ?? 1
    let size = slopes.count / max(1, filters)
    return try source.withFloats("\(layer).weight") { values in
      guard values.count == slopes.count else { return [Double](repeating: .nan, count: filters) }
      return (0..<filters).map { filter in
        var sum = 0.0
        for i in filter * size..<(filter + 1) * size { sum += Double(slopes[i]) * Double(values[i]) }
        return sum
      }
    }
  }
}

extension NetworkGradient.Signal {
  /// The squared effect has the square of the factor.
  fileprivate func scaled(_ factor: Double) -> Self {
    var copy = self
    for i in copy.gradient.values.indices { copy.gradient.values[i] *= factor }
    if let squares = copy.curvature?.values {
      copy.curvature?.values = squares.map { $0 * factor * factor }
    }
    return copy
  }
}

extension ResidualBlock {
  /// Whether the block consists only of ordinary convolutions and ReLUs.
  fileprivate var isPlain: Bool {
    if case .projection(_, .some) = shortcut { return false }
    return attention == nil && antialiasing == nil
  }
}
