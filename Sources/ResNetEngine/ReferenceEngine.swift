public import ResNetArchitecture
internal import SWTPlatform
public import SWTThreads

/// Computes the network in double precision with plain loops, BatchNorm separate: slow and obviously right.
///
/// It shares no kernel, no packing and no folding with ``FastEngine``, so that the two can judge each other.
/// Every tap is available. A tap of a block's last convolution is its output after BatchNorm, before the
/// residual sum.
public struct ReferenceEngine<Source: WeightSource>: ForwardEngine {
  public let tree: LayerTree
  /// Where the weights are read from, in each run.
  public let source: Source
  /// The threads that compute.
  public let threads: ThreadPool
  private let emulation: Emulation
  /// What to compute instead of this network's function of the weights.
  private let deviation: Deviation
  /// Asked before each layer; nil to run to the end.
  private let isInterrupted: (@Sendable () -> Bool)?
  /// Sees what each BatchNorm reads, where these use the statistics of the batch.
  private var observer: BatchObserver?

  /// Computes the network, or with a `deviation` another function of the same weights, for what-if runs.
  ///
  /// A run throws ``InferenceError/interrupted`` before the first layer for which `isInterrupted` returns
  /// true.
  public init(
    _ tree: LayerTree, weights source: Source, threads: ThreadPool, deviation: Deviation = Deviation(),
    isInterrupted: (@Sendable () -> Bool)? = nil
  ) {
    self.deviation = deviation
    self.isInterrupted = isInterrupted
    self.tree = tree
    self.source = source
    self.threads = threads
    emulation = Emulation(precision: .f32, layers: [], tileLayers: [], bfloatStages: [])
  }

  /// An engine that rounds weights and inputs of convolutions as a fast engine of that precision does with
  /// those instructions, and computes all else in double precision. Sums of bfloat16 products have the order
  /// and the roundings of AMX's tiles where the fast engine multiplies these.
  ///
  /// - Throws: what `source` throws.
  public init(
    _ tree: LayerTree, weights source: Source, threads: ThreadPool, emulating precision: ComputePrecision,
    on instructions: InstructionSet = .best
  ) throws {
    self.tree = tree
    self.source = source
    self.threads = threads
    deviation = Deviation()
    isInterrupted = nil
    let layers = try precision.reducedLayers(tree, of: source, on: instructions)
    let usesTiles = precision == .bf16 && instructions.multipliesTiles
    let fitting = tree.convolutions.filter { layers.contains($0.name) && tree.fitsProducts($0) }
    let tileLayers = usesTiles ? Set(fitting.map(\.name)) : []
    emulation = Emulation(
      precision: precision, layers: layers, tileLayers: tileLayers,
      bfloatStages: tree.bfloatStages(products: tileLayers))
  }

  /// An engine that computes as in training, with the statistics of the batch, and shows these.
  package init(
    _ tree: LayerTree, weights source: Source, threads: ThreadPool, observer: BatchObserver
  ) {
    var deviation = Deviation()
    deviation.usesBatchStatistics = true
    self.init(tree, weights: source, threads: threads, deviation: deviation)
    self.observer = observer
  }

  public func run(_ input: FeatureMap<Float>, taps: Set<String>) throws -> ForwardResult<Double> {
    try input.require([-1, tree.stem.inputChannels, -1, -1])
    try tree.requireSize(input.shape[2], input.shape[3])
    return try run(tree.tapNames, input, taps)
  }

  public func runStage(
    _ stage: String, _ input: FeatureMap<Float>, taps: Set<String>
  ) throws -> ForwardResult<Double> {
    let name = tree.canonicalTap(stage)
    switch name {
    case tree.stem.name: try input.require([-1, tree.stem.inputChannels, -1, -1])
    case tree.maxPool?.name: try input.require([-1, tree.stem.outputChannels, -1, -1])
    case "avgpool": try input.require([-1, tree.head?.inputFeatures ?? -1, -1, -1])
    case tree.head?.name: try input.require([-1, tree.head?.inputFeatures ?? -1])
    default:
      guard let block = tree.blocks.first(where: { $0.name == name }) else {
        throw InferenceError.unknownTap(stage)
      }
      try input.require([-1, block.inputChannels, -1, -1])
    }
    return try run([name], input, taps)
  }

  // MARK: - Stages

  /// Runs stages one after another, image by image, and keeps the wanted taps.
  private func run(
    _ stages: [String], _ input: FeatureMap<Float>, _ taps: Set<String>
  ) throws -> ForwardResult<Double> {
    for tap in taps where !stages.contains(try tree.stage(ofTap: tap)) {
      throw InferenceError.unknownTap(tap)
    }
    let batch = input.shape[0]
    let size = input.values.count / batch
    var kept: [String: [Planes]] = [:]
    var images = (0..<batch).map { image in
      Planes(
        channels: input.shape[1], height: input.shape.count > 2 ? input.shape[2] : 1,
        width: input.shape.count > 2 ? input.shape[3] : 1,
        values: input.values[image * size..<(image + 1) * size].map(Double.init))
    }
    func keep(_ name: String, _ images: [Planes]) {
      for tap in taps where tree.canonicalTap(tap) == name { kept[tap] = images }
    }
    for stage in stages {
      images = try compute(stage, images, keep)
      keep(stage, images)
    }
    func map(_ images: [Planes], _ tap: String) -> FeatureMap<Double> {
      let isVector = ["avgpool", tree.head?.name].contains(tree.canonicalTap(tap))
      let plane = images[0]
      let shape = [plane.channels] + (isVector ? [] : [plane.height, plane.width])
      return FeatureMap(shape: [batch] + shape, values: images.flatMap(\.values))
    }
    var taken: [String: FeatureMap<Double>] = [:]
    for (tap, images) in kept { taken[tap] = map(images, tap) }
    return ForwardResult(output: map(images, stages[stages.count - 1]), taps: taken)
  }

  /// One stage for all images of a batch.
  private func compute(
    _ stage: String, _ images: [Planes], _ keep: (String, [Planes]) -> Void
  ) throws -> [Planes] {
    let deviation = self.deviation.at(stage)
    switch stage {
    case tree.stem.name:
      var y = images
      for unit in tree.stem.units {
        y = try convolve(unit, y, deviation)
        if tree.stem.units.count > 1 { keep(unit.name, y) }
      }
      return y.map { emulation.output($0, ofStage: stage) }
    case "avgpool":
      let isUsual = deviation.pooling == .mean && tree.architecture.finalPool == .maximum
      return images.map { deviation.stored($0.pooled(isUsual ? .maximum : deviation.pooling)) }
    default:
      if let pool = tree.maxPool, stage == pool.name {
        return images.map { image in
          let pooled = image.maxPooled(pool, deviation)
          return tree.poolBlur.map { pooled.pooled($0) } ?? pooled
        }
      }
      if let head = tree.head, stage == head.name {
        return try images.map { try classify(head, $0, deviation) }
      }
      guard let block = tree.blocks.first(where: { $0.name == stage }) else {
        throw InferenceError.unknownTap(stage)
      }
      return try compute(block, images, deviation, keep)
    }
  }

  private func compute(
    _ block: ResidualBlock, _ images: [Planes], _ deviation: Deviation, _ keep: (String, [Planes]) -> Void
  ) throws -> [Planes] {
    var sums = images
    let body = deviation.body(of: block)
    for (index, unit) in body.enumerated() {
      sums = try convolve(unit, sums, deviation, isBeforeSum: index == body.count - 1)
      keep(unit.name, sums)
      if index == block.antialiasedIndex, let filter = block.antialiasing {
        sums = sums.map { $0.pooled(filter) }
      }
    }
    if let attention = block.attention {
      sums = try sums.map { try gated($0, attention) }
      keep(attention.name, sums)
    }
    var shortcuts = images
    switch block.shortcut {
    case .identity:
      // What is stored for the next convolution is what is added, too.
      if deviation.rounding?.foldsFirst == true { shortcuts = images.map { deviation.stored($0) } }
    case .padded(let padding): shortcuts = images.map { $0.padded(padding) }
    case .projection(let unit, let pool):
      shortcuts = try convolve(
        unit, images.map { image in pool.map { image.pooled($0) } ?? image }, deviation)
      shortcuts = shortcuts.map { emulation.output($0, ofStage: block.name) }
      keep(unit.name, shortcuts)
    }
    for image in sums.indices {
      for i in sums[image].values.indices {
        sums[image].values[i] = deviation.sum.apply(sums[image].values[i], shortcuts[image].values[i])
      }
    }
    return sums.map { emulation.output(deviation.stored($0), ofStage: block.name) }
  }

  /// Convolution, BatchNorm, and the ReLU where one follows directly.
  private func convolve(
    _ unit: ConvolutionUnit, _ images: [Planes], _ deviation: Deviation, isBeforeSum: Bool = false
  ) throws -> [Planes] {
    if isInterrupted?() == true { throw InferenceError.interrupted }
    let epsilon = deviation.epsilon ?? unit.epsilon
    let rounding = deviation.rounding.flatMap { $0.concerns(unit.name) ? $0 : nil }
    var norm = try Normalization(of: unit, epsilon: epsilon, from: source).rounded(by: rounding)
    var weights = try emulation.weights(unit, from: source)
    if let rounding {
      if rounding.foldsFirst {
        let (scale, bias) = norm.foldedInFloat32
        let size = weights.count / unit.outputChannels
        if let scale {
          for i in weights.indices { weights[i] = Double(Float(weights[i]) * Float(scale[i / size])) }
        }
        (norm.norm, norm.bias) = (nil, rounding.roundsParameters ? bias.map(rounding.nearest) : bias)
      }
      weights = rounding.weights(weights, filters: unit.outputChannels)
    }
    func sums() -> [Planes] {
      images.map { image in
        var image = image
        if let rounding, rounding.roundsInputs { image.values = rounding.activations(image.values) }
        let input = emulation.input(image, of: unit)
        return emulation.tileLayers.contains(unit.name)
          ? input.convolvedByTiles(unit, weights, tree.tileOrder(of: unit), threads)
          : input.convolved(unit, weights, threads, padding: deviation.padding)
      }
    }
    var results = observer.map { $0.sums(of: unit, sums) } ?? sums()
    // A separate BatchNorm reads what the convolution stored.
    if let rounding, rounding.roundsResults, norm.norm != nil {
      for i in results.indices { results[i].values = rounding.activations(results[i].values) }
    }
    if deviation.usesBatchStatistics {
      let batch = ChannelStatistics.Moments(results, bias: norm.bias)
      observer?.observe(unit, ChannelStatistics(results, batch: batch, bias: norm.bias))
      norm.adopt(batch)
    }
    for i in results.indices { normalize(&results[i], norm, unit) }
    // With a folded BatchNorm, the residual sum is part of the same kernel.
    if let rounding, rounding.roundsResults, !(isBeforeSum && rounding.foldsFirst) {
      for i in results.indices { results[i].values = rounding.activations(results[i].values) }
    }
    return results
  }

  /// Bias, BatchNorm, ReLU.
  private func normalize(_ y: inout Planes, _ norm: Normalization, _ unit: ConvolutionUnit) {
    let area = y.height * y.width
    for channel in 0..<y.channels {
      for i in channel * area..<(channel + 1) * area {
        var value = y.values[i]
        if let bias = norm.bias { value += bias[channel] }
        if let parameters = norm.norm {
          let sigma = (parameters.variance[channel] + norm.epsilon).squareRoot()
          value =
            (value - parameters.mean[channel]) / sigma * parameters.weight[channel] + parameters.bias[channel]
        }
        y.values[i] = unit.relu ? relu(value) : value
      }
    }
  }

  /// Each channel times the sigmoid of what the means of all channels decide.
  private func gated(_ x: Planes, _ unit: AttentionUnit) throws -> Planes {
    var gate = x.averaged().values
    switch unit.kind {
    case .squeezeExcitation(let inner):
      gate = try dense("\(unit.name).fc1", gate, rows: inner).map(relu)
      gate = try dense("\(unit.name).fc2", gate, rows: unit.channels)
    case .eca(let kernel):
      let weights = try source.doubles("\(unit.name).conv.weight", count: kernel)
      let means = gate
      for channel in means.indices {
        gate[channel] = weights.indices.reduce(0) { sum, tap in
          let place = channel + tap - kernel / 2
          return means.indices.contains(place) ? sum + weights[tap] * means[place] : sum
        }
      }
    }
    var y = x
    let area = x.height * x.width
    for i in y.values.indices { y.values[i] *= 1 / (1 + exp(-gate[i / area])) }
    return y
  }

  private func classify(_ head: LinearUnit, _ x: Planes, _ deviation: Deviation) throws -> Planes {
    let rounding = deviation.rounding.flatMap { $0.concerns(head.name) ? $0 : nil }
    var x = x
    if let rounding, rounding.roundsInputs { x.values = rounding.activations(x.values) }
    let y = try dense(head.name, x.values, rows: head.outputFeatures, hasBias: head.hasBias, rounding)
    return deviation.stored(Planes(channels: y.count, height: 1, width: 1, values: y))
  }

  /// `W x + b`.
  private func dense(
    _ name: String, _ x: [Double], rows: Int, hasBias: Bool = true, _ rounding: Rounding? = nil
  ) throws -> [Double] {
    var weights = try source.doubles("\(name).weight", count: rows * x.count)
    if let rounding { weights = rounding.weights(weights, filters: rows) }
    var y =
      hasBias ? try source.doubles("\(name).bias", count: rows) : [Double](repeating: 0, count: rows)
    if let rounding, rounding.roundsParameters { y = y.map(rounding.nearest) }
    for row in y.indices {
      for column in x.indices { y[row] += weights[row * x.count + column] * x[column] }
    }
    return y
  }
}

/// `max(0, v)`; a NaN stays a NaN.
func relu(_ v: Double) -> Double { v < 0 ? 0 : v }
