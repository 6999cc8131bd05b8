extension Architecture {
  /// Whether the lists have an entry per stage and the parts are compatible, so that a tree can be built.
  public var isConsistent: Bool {
    let stages = layers.count
    guard (1...8).contains(stages), layers.allSatisfy({ $0 >= 0 }), dilations.count == stages,
      firstDilations.count == stages, (dilations + firstDilations).allSatisfy({ (1...64).contains($0) }),
      strides.count == stages, strides.allSatisfy({ (1...8).contains($0) }),
      layers.indices.allSatisfy({ width(stage: $0) > 0 }), (1...1 << 16).contains(inputChannels)
    else { return false }
    guard stem.isValid, pool?.isValid ?? true, isEpsilon(epsilon), epsilons.values.allSatisfy(isEpsilon)
    else { return false }
    // A binomial filter of stride 3 or more would need another size.
    if antialiasing == .blur, strides.contains(where: { $0 > 2 }) { return false }
    if shortcut == .padding, stemChannels > outputChannels(stage: 0) { return false }
    switch attention {
    case nil: return true
    case .squeezeExcitation(let channels):
      return channels.count == stages && channels.allSatisfy { (1...1 << 16).contains($0) }
    case .eca(let kernels):
      return kernels.count == stages
        && kernels.allSatisfy { (1...1 << 16).contains($0) && !$0.isMultiple(of: 2) }
    }
  }

  private func isEpsilon(_ value: Double) -> Bool { value >= 0 && value < 1 }
}

extension Architecture {
  /// Whether the architectures are equal except for the head and epsilon.
  public func hasSameBody(as other: Architecture) -> Bool { body == other.body }

  private var body: Architecture {
    var copy = self
    (copy.classCount, copy.headHasBias, copy.epsilon, copy.epsilons) = (nil, true, 0, [:])
    copy.finalPool = .average
    // A basic block always has its stride on the first convolution.
    if block == .basic { copy.strideOn = .conv2 }
    return copy
  }

  /// Whether body and head are equal; epsilon may differ, because only the forward pass depends on it.
  public func isSameNetwork(as other: Architecture) -> Bool {
    hasSameBody(as: other) && classCount == other.classCount && headHasBias == other.headHasBias
      && (!hasHead || finalPool == other.finalPool)
  }

  /// Whether the state dicts have the same shapes, so that only conventions may differ.
  public func hasSameShapes(as other: Architecture) -> Bool {
    visible.isSameNetwork(as: other.visible)
  }

  /// What shapes show; everything else is the usual.
  var visible: Architecture {
    var copy = self
    copy.strideOn = .conv2
    copy.dilations = layers.map { _ in 1 }
    copy.firstDilations = copy.dilations
    copy.strides = Self.strides(dilations: copy.dilations)
    copy.stem = stem.usual
    copy.antialiasing = nil
    copy.pool = copy.usualPool
    copy.finalPool = .average
    (copy.epsilon, copy.epsilons) = (1e-5, [:])
    if shortcut == .averagePoolSame { copy.shortcut = .averagePool }
    return copy
  }
}
