internal import ResNetArchitecture
internal import ResNetEngine

/// The derivatives of one stage's error with respect to its convolution weights.
struct StageGradient {
  /// By layer: the gradient of half the sum of squared errors.
  private(set) var gradients: [String: [Double]] = [:]
  /// By layer: approximately the squared effect of each weight on the output, summed: the diagonal of the
  /// Gauss-Newton matrix without terms that mix channels (LeCun et al. 1989, "Optimal Brain Damage").
  private(set) var curvatures: [String: [Double]] = [:]

  /// Backpropagates through `stage` (the stem, a block or the classifier) with input `feed`.
  ///
  /// `residual` is its output minus the reference's, zero if unknown; `isKnown` is 1 where the reference is
  /// known, else 0.
  init?<Source>(
    _ reference: ReferenceEngine<Source>, _ stage: String, _ feed: FeatureMap<Float>,
    residual: FeatureMap<Double>, isKnown: FeatureMap<Double>
  ) throws {
    let tree = reference.tree
    let feed: FeatureMap<Double> = feed.converted()
    if let head = tree.head, stage == head.name {
      classify(head, feed, residual, isKnown)
      return
    }
    // Derivatives of gates, filters, pooled shortcuts and dilated convolutions are not implemented: no
    // search.
    if let block = tree.block(stage), !block.isPlain { return nil }
    let layers = tree.layers(of: stage)
    guard let last = layers.last else { return nil }
    let result = try reference.runStage(
      stage, feed.converted(), taps: stage == last ? [] : Set(layers))
    let output = result.output
    // The final ReLU passes gradients where the output is positive.
    var gradient = residual
    var curvature = isKnown
    for i in output.values.indices where output.values[i] <= 0 {
      gradient.values[i] = 0
      curvature.values[i] = 0
    }
    let body = tree.block(stage)?.body ?? tree.stem.units
    let inputs = [feed] + body.dropLast().compactMap { result.taps[$0.name] }
    guard inputs.count == body.count else { return nil }
    if let unit = tree.block(stage)?.downsample {
      _ = try backward(unit, feed, gradient, curvature, reference)
    }
    for (unit, input) in zip(body, inputs).reversed() {
      let back = try backward(unit, input, gradient, curvature, reference)
      (gradient, curvature) = (back.gradient, back.curvature)
      // The input is the ReLU output of the previous convolution.
      for i in input.values.indices where input.values[i] <= 0 {
        gradient.values[i] = 0
        curvature.values[i] = 0
      }
    }
  }

  private mutating func backward<Source>(
    _ unit: ConvolutionUnit, _ input: FeatureMap<Double>, _ gradient: FeatureMap<Double>,
    _ curvature: FeatureMap<Double>, _ reference: ReferenceEngine<Source>
  ) throws -> (gradient: FeatureMap<Double>, curvature: FeatureMap<Double>) {
    let source = reference.source
    let norm = try Normalization(of: unit, from: source)
    let weights = try source.doubles("\(unit.name).weight", count: unit.weightShape.reduce(1, *))
    let scale = norm.folded.scale
    var (sums, squares) = (gradient, curvature)
    if let scale {
      let area = gradient.shape[2] * gradient.shape[3]
      for i in sums.values.indices {
        let factor = scale[i / area % unit.outputChannels]
        sums.values[i] *= factor
        squares.values[i] *= factor * factor
      }
    }
    let back = ConvolutionGradient(unit: unit, weights: weights, input: input).backward(sums)
    var squared = input
    for i in squared.values.indices { squared.values[i] *= squared.values[i] }
    let flat = ConvolutionGradient(unit: unit, weights: weights.map { $0 * $0 }, input: squared)
      .backward(squares)
    gradients[unit.name] = back.weights
    curvatures[unit.name] = flat.weights
    return (back.input, flat.input)
  }

  private mutating func classify(
    _ head: LinearUnit, _ feed: FeatureMap<Double>, _ residual: FeatureMap<Double>,
    _ isKnown: FeatureMap<Double>
  ) {
    let (outputs, inputs) = (head.outputFeatures, head.inputFeatures)
    var gradient = [Double](repeating: 0, count: outputs * inputs)
    var curvature = gradient
    for n in 0..<feed.shape[0] {
      for o in 0..<outputs {
        let (error, known) = (residual.values[n * outputs + o], isKnown.values[n * outputs + o])
        for i in 0..<inputs {
          let x = feed.values[n * inputs + i]
          gradient[o * inputs + i] += error * x
          curvature[o * inputs + i] += known * x * x
        }
      }
    }
    gradients[head.name] = gradient
    curvatures[head.name] = curvature
  }
}

extension ResidualBlock {
  /// Whether the block consists only of ordinary convolutions and ReLUs.
  fileprivate var isPlain: Bool {
    if case .projection(_, .some) = shortcut { return false }
    return attention == nil && antialiasing == nil && !convolutions.contains { $0.dilation > 1 }
  }
}
