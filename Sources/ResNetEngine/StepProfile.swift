internal import ResNetArchitecture

/// What one step of a forward pass is, and how long it took.
public struct StepProfile: Hashable, Sendable {
  /// The layer's name as in the state dict (`conv1`, `layer1.0.conv2`, …), or `maxpool`, `avgpool`, `fc`;
  /// `input` and `output` are the copies into and out of the kernels' layout, `gate`, `shortcut` and `border`
  /// what blocks need beside their layers.
  public let name: String
  /// What it computes, without sizes: `7×7 stride 2`, `1×1`, `1×1 stride 2`, `grouped 3×3`, `max-pool`,
  /// `mean`, `maximum`, `fc`, `copy`, `rounding` (of what reduced convolutions read), `gate`, `gated sum`,
  /// `average pool`, `blur`, `padded shortcut`, `zero border`.
  public let kind: String
  /// The kernel that computes it.
  public let form: String
  /// Multiply-adds of one run, padding included, as papers count them: whatever the form spends.
  public let multiplyAdds: Int
  /// Bytes of weights, inputs, outputs and residuals of one run, each counted once.
  public let bytes: Int
  /// Time of this step in one run, over all images of the batch, in milliseconds.
  public internal(set) var minimum = 0.0
  /// The median over the timed runs, as ``minimum``.
  public internal(set) var median = 0.0

  /// 10⁹ operations a second at the median, two for each multiply-add; 0 where nothing is multiplied.
  public var gigaflops: Double { median > 0 ? 2e-6 * Double(multiplyAdds) / median : 0 }

  private init(
    name: String, kind: String, form: String, multiplyAdds: Int = 0, weights: Int = 0, activations: Int
  ) {
    self.name = name
    self.kind = kind
    self.form = form
    self.multiplyAdds = multiplyAdds
    bytes = (weights + activations) * MemoryLayout<Float>.stride
  }

  /// A step of `batch` images, without its times.
  init(_ step: Plan.Step, batch: Int) {
    let moved = batch * (step.input.count + step.output.count)
    switch step.kernel {
    case .tiles(let packed, _, _, let residual, _):
      self.init(
        packed, step.output, form: packed.isRounded ? "tiles rounded" : "tiles", batch: batch,
        activations: moved + (residual ? batch * step.output.count : 0))
    case .lanes(let packed):
      self.init(
        packed, step.output, form: packed.isRounded ? "lanes rounded" : "lanes", batch: batch,
        activations: moved)
    case .winograd(let packed, _, _, _, let residual, _):
      self.init(
        packed, step.output, form: "winograd", batch: batch,
        activations: moved + (residual ? batch * step.output.count : 0))
    case .reduce(let copy):
      self.init(
        name: "rounding", kind: "rounding", form: copy.number.name, activations: batch * copy.source.count)
    case .reducedTiles(let packed, _, _, _, let residual, _):
      self.init(
        packed, step.output, batch: batch, activations: moved + (residual ? batch * step.output.count : 0))
    case .reducedLanes(let packed, _):
      self.init(packed, step.output, batch: batch, activations: moved)
    case .round:
      self.init(name: "rounding", kind: "rounding", form: "bf16", activations: moved)
    case .lines(let copy):
      self.init(
        name: "rounding", kind: "rounding", form: copy.target.line == .uint8 ? "i8" : "bf16",
        activations: moved)
    case .products(let product, let cut):
      self.init(
        product, step.output, batch: batch,
        activations: moved + (cut.sum == nil ? 0 : batch * step.output.count))
    case .maxPool:
      self.init(name: "maxpool", kind: "max-pool", form: "max-pool", activations: moved)
    case .window(let pool):
      self.init(name: pool.name, kind: pool.profileKind, form: "window", activations: moved)
    case .mean(let name):
      self.init(name: name, kind: "mean", form: "mean", activations: moved)
    case .largest(let name):
      self.init(name: name, kind: "maximum", form: "maximum", activations: moved)
    case .dense(let layer):
      let weights = layer.rows * layer.columns
      self.init(
        name: layer.name, kind: layer.finish == .none ? "fc" : "gate", form: "dense",
        multiplyAdds: batch * weights, weights: weights + layer.rows, activations: moved)
    case .neighbors(let layer):
      self.init(
        name: layer.name, kind: "gate", form: "neighbors",
        multiplyAdds: batch * layer.columns * step.output.layout.channels, weights: layer.columns,
        activations: moved)
    case .gate:
      self.init(name: "gate", kind: "gated sum", form: "gate", activations: moved + batch * step.output.count)
    case .averagePool(let name):
      self.init(name: name, kind: "average pool", form: "average", activations: moved)
    case .padding:
      self.init(name: "shortcut", kind: "padded shortcut", form: "copy", activations: moved)
    case .border:
      self.init(name: "border", kind: "zero border", form: "copy", activations: 0)
    }
  }

  /// A convolution, whatever its kernel does to compute it.
  private init(
    _ packed: PackedConvolution, _ output: Activation, form: String, batch: Int, activations: Int
  ) {
    let unit = packed.unit
    self.init(
      name: unit.name, kind: unit.kind, form: form,
      multiplyAdds: batch * unit.weightShape.reduce(1, *) * output.height * output.width,
      weights: packed.weightCount + packed.biasCount, activations: activations)
  }

  /// A convolution by products of tiles.
  private init(_ product: ProductConvolution, _ output: Activation, batch: Int, activations: Int) {
    let unit = product.unit
    self.init(
      name: unit.name, kind: unit.kind, form: product.split.name,
      multiplyAdds: batch * unit.weightShape.reduce(1, *) * output.height * output.width,
      weights: product.end - product.weightOffset, activations: activations)
  }

  /// A convolution of reduced numbers.
  private init(_ packed: ReducedConvolution, _ output: Activation, batch: Int, activations: Int) {
    let unit = packed.unit
    self.init(
      name: unit.name, kind: unit.kind, form: packed.number.name,
      multiplyAdds: batch * unit.weightShape.reduce(1, *) * output.height * output.width,
      weights: packed.end - packed.weightOffset, activations: activations)
  }

  /// A copy of `batch` images into or out of `activation`.
  init(copying activation: Activation, as name: String, batch: Int) {
    self.init(
      name: name, kind: "copy", form: "copy",
      activations: batch * (activation.count + activation.valueCount))
  }
}

extension PoolUnit {
  fileprivate var profileKind: String {
    switch kind {
    case .maximum: "max-pool"
    case .average, .zeroPaddedAverage: "average pool"
    case .blur: "blur"
    }
  }
}

extension ConvolutionUnit {
  /// `grouped 3×3 stride 2`.
  fileprivate var kind: String {
    (groups > 1 ? "grouped " : "") + "\(kernel)×\(kernel)" + (stride > 1 ? " stride \(stride)" : "")
      + (dilation > 1 ? " dilation \(dilation)" : "")
  }
}
