/// One tensor that the network's state dict must hold.
public struct ParameterSpec: Hashable, Sendable {
  public enum Role: Hashable, Sendable {
    case convolution
    /// Only where BatchNorm is folded into the convolution.
    case convolutionBias
    case normWeight, normBias, runningMean, runningVar
    /// Counts training steps; absent in files from before PyTorch 0.4.1 and never needed for inference.
    case batchCount
    case linearWeight, linearBias
  }

  /// torchvision's state-dict name.
  public let name: String
  public let shape: [Int]
  public let role: Role

  /// True when a state dict may lack it.
  public var isOptional: Bool { role == .batchCount }
  /// True for what training updates, and so what "parameters" counts in papers.
  public var isTrainable: Bool {
    switch role {
    case .convolution, .convolutionBias, .normWeight, .normBias, .linearWeight, .linearBias: true
    case .runningMean, .runningVar, .batchCount: false
    }
  }
  public var elementCount: Int { shape.reduce(1, *) }
}

extension LayerTree {
  /// Every tensor of the state dict in torchvision's order, which is execution order.
  public var parameters: [ParameterSpec] { parameters(isFolded: false) }

  /// Every tensor of the state dict in execution order; with BatchNorm folded into the convolutions, those have a
  /// bias each and there are no others.
  public func parameters(isFolded: Bool) -> [ParameterSpec] {
    var specs: [ParameterSpec] = []
    func add(_ unit: ConvolutionUnit) {
      specs.append(
        ParameterSpec(name: "\(unit.name).weight", shape: unit.weightShape, role: .convolution))
    }
    func addNorm(_ unit: ConvolutionUnit) {
      let shape = [unit.outputChannels]
      let leaves: [(String, [Int], ParameterSpec.Role)] = [
        ("weight", shape, .normWeight), ("bias", shape, .normBias),
        ("running_mean", shape, .runningMean), ("running_var", shape, .runningVar),
        ("num_batches_tracked", [], .batchCount),
      ]
      for (leaf, shape, role) in leaves {
        specs.append(ParameterSpec(name: "\(unit.normName).\(leaf)", shape: shape, role: role))
      }
    }
    for unit in convolutions {
      add(unit)
      if isFolded {
        specs.append(
          ParameterSpec(name: "\(unit.name).bias", shape: [unit.outputChannels], role: .convolutionBias))
      } else {
        addNorm(unit)
      }
    }
    if let head {
      specs.append(
        ParameterSpec(
          name: "\(head.name).weight", shape: [head.outputFeatures, head.inputFeatures], role: .linearWeight))
      specs.append(
        ParameterSpec(name: "\(head.name).bias", shape: [head.outputFeatures], role: .linearBias))
    }
    return specs
  }

  /// Number of trainable parameters, as papers and torchvision's `num_params` count them.
  public var parameterCount: Int {
    parameters.lazy.filter(\.isTrainable).reduce(0) { $0 + $1.elementCount }
  }
}
