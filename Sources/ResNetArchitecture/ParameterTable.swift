/// A tensor in the network's state dict.
public struct ParameterSpec: Hashable, Sendable {
  /// The role of a tensor in its layer.
  public enum Role: Hashable, Sendable {
    /// A convolution's weight, `[filters, inputs per group, height, width]`.
    case convolution
    /// A convolution's bias, `[filters]`; only if BatchNorm is folded into it.
    case convolutionBias
    /// BatchNorm's scale γ, `[channels]`.
    case normWeight
    /// BatchNorm's shift β, `[channels]`.
    case normBias
    /// BatchNorm's mean, `[channels]`.
    case runningMean
    /// BatchNorm's variance, `[channels]`.
    case runningVar
    /// The number of training steps; absent in files from before PyTorch 0.4.1 and never needed for
    /// inference.
    case batchCount
    /// Weight and bias of a channel gate, which no BatchNorm follows.
    case attentionWeight, attentionBias
    /// The classifier's weight, `[classes, features]`.
    case linearWeight
    /// The classifier's bias, `[classes]`.
    case linearBias
  }

  /// torchvision's state-dict name, or timm's for layers that torchvision lacks.
  public let name: String
  /// PyTorch's shape.
  public let shape: [Int]
  /// The role of the tensor in its layer.
  public let role: Role

  /// Whether a state dict may lack it.
  public var isOptional: Bool { role == .batchCount }
  /// Whether it is trained, and so counts as a parameter in papers.
  public var isTrainable: Bool {
    switch role {
    case .convolution, .convolutionBias, .normWeight, .normBias, .attentionWeight, .attentionBias,
      .linearWeight, .linearBias:
      true
    case .runningMean, .runningVar, .batchCount: false
    }
  }
  /// Product of the shape; 1 for a scalar.
  public var elementCount: Int { shape.reduce(1, *) }
}

extension LayerTree {
  /// Every tensor of the state dict in torchvision's order, which is execution order.
  public var parameters: [ParameterSpec] { parameters(isFolded: false) }

  /// Every tensor of the state dict in execution order. If BatchNorm is folded, every convolution has a bias
  /// and there is no BatchNorm.
  public func parameters(isFolded: Bool) -> [ParameterSpec] {
    var specs: [ParameterSpec] = []
    func add(_ name: String, _ shape: [Int], _ role: ParameterSpec.Role) {
      specs.append(ParameterSpec(name: name, shape: shape, role: role))
    }
    func add(_ unit: ConvolutionUnit) {
      add("\(unit.name).weight", unit.weightShape, .convolution)
      let shape = [unit.outputChannels]
      if isFolded { return add("\(unit.name).bias", shape, .convolutionBias) }
      add("\(unit.normName).weight", shape, .normWeight)
      add("\(unit.normName).bias", shape, .normBias)
      add("\(unit.normName).running_mean", shape, .runningMean)
      add("\(unit.normName).running_var", shape, .runningVar)
      add("\(unit.normName).num_batches_tracked", [], .batchCount)
    }
    for unit in stem.units { add(unit) }
    for block in blocks {
      for unit in block.body { add(unit) }
      for layer in block.attention?.layers ?? [] {
        add("\(layer.name).weight", layer.weightShape, .attentionWeight)
        if layer.hasBias { add("\(layer.name).bias", [layer.weightShape[0]], .attentionBias) }
      }
      if let unit = block.downsample { add(unit) }
    }
    if let head {
      add("\(head.name).weight", [head.outputFeatures, head.inputFeatures], .linearWeight)
      add("\(head.name).bias", [head.outputFeatures], .linearBias)
    }
    return specs
  }

  /// Number of trainable parameters, as counted in papers and by torchvision's `num_params`.
  public var parameterCount: Int {
    parameters.lazy.filter(\.isTrainable).reduce(0) { $0 + $1.elementCount }
  }
}
