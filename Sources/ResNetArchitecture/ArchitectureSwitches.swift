extension Architecture {
  /// The layers before the first stage.
  public enum Stem: Hashable, Sendable {
    /// A 7×7 convolution of stride 2, then max pooling.
    case conv7x7
    /// Three 3×3 convolutions, the first of stride 2, then max pooling; the value is the width of the first
    /// two: `[32, 32]` in ResNet-C and -D (He et al. 2018, "Bag of Tricks"), `[24, 32]` in timm's "t", `[64,
    /// 64]` in "s".
    case deep([Int])
    /// A 3×3 convolution of stride 1 and no pooling, for CIFAR's 32×32 pixels (He et al. 2015, section 4.2).
    case conv3x3
  }

  /// The shortcut of a block that changes the shape.
  public enum Shortcut: String, Sendable {
    /// A strided 1×1 convolution: "option B" of He et al. 2015.
    case projection
    /// 2×2 average pooling of stride 2 if there is a stride, then a 1×1 convolution of stride 1: ResNet-D.
    case averagePool = "avgpool"
    /// Every second pixel, and zeros for the new channels, half of them on either side: "option A".
    case padding = "pad"
  }

  /// A gate that multiplies each channel by a number between 0 and 1, computed from the means of all
  /// channels.
  public enum Attention: Hashable, Sendable {
    /// Squeeze-and-excitation (Hu et al. 2017); the value is the number of channels between its two layers,
    /// per stage.
    case squeezeExcitation([Int])
    /// Efficient channel attention (Wang et al. 2019); the value is the size of its 1-D kernel, per stage.
    case eca([Int])
  }

  /// The convolution of a bottleneck that has the stride.
  public enum StridedConvolution: String, Sendable {
    /// The first 1×1, as in the paper ("v1"), Caffe and detectron2's MSRA networks.
    case conv1
    /// The 3×3 ("v1.5"), as in torchvision and timm.
    case conv2
  }

  /// Whether the lists have an entry per stage and the parts are compatible, so that a tree can be built.
  public var isConsistent: Bool {
    let stages = layers.count
    guard (1...8).contains(stages), layers.allSatisfy({ $0 >= 0 }), dilations.count == stages,
      firstDilations.count == stages, (dilations + firstDilations).allSatisfy({ (1...64).contains($0) }),
      layers.indices.allSatisfy({ width(stage: $0) > 0 })
    else { return false }
    if case .deep(let widths) = stem {
      guard widths.count == 2, widths.allSatisfy({ (1...1 << 16).contains($0) }) else { return false }
    }
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
}

extension Architecture {
  /// The metadata value of a switch.
  public enum SwitchValue: Hashable, Sendable {
    /// A word, such as `conv7x7`.
    case text(String)
    /// A list of integers, usually one per stage.
    case integers([Int])
  }

  /// The metadata that describes how the network differs from torchvision's; FORMAT.md lists the keys.
  ///
  /// `arch.stem` is always present; any other absent key means torchvision's form.
  public var switches: [(key: String, value: SwitchValue)] {
    var values: [(String, SwitchValue)] = []
    switch stem {
    case .conv7x7: values.append(("arch.stem", .text("conv7x7")))
    case .conv3x3: values.append(("arch.stem", .text("conv3x3")))
    case .deep(let widths):
      values.append(("arch.stem", .text("deep3x3")))
      values.append(("arch.stem_widths", .integers(widths)))
    }
    if shortcut != .projection { values.append(("arch.shortcut", .text(shortcut.rawValue))) }
    switch attention {
    case nil: break
    case .squeezeExcitation(let channels): values.append(("arch.se_channels", .integers(channels)))
    case .eca(let kernels): values.append(("arch.eca_kernels", .integers(kernels)))
    }
    if strideOn != .conv2 { values.append(("arch.stride_on", .text(strideOn.rawValue))) }
    if dilations.contains(where: { $0 != 1 }) { values.append(("arch.dilations", .integers(dilations))) }
    if firstDilations != Self.contracted(dilations) {
      values.append(("arch.first_dilations", .integers(firstDilations)))
    }
    return values
  }

  /// Applies the switches in metadata; `text` and `integers` return nil for an absent key.
  ///
  /// - Returns: This architecture with the switches; nil if a value is unknown or incompatible with the
  ///   others.
  public func switched(
    text: (String) -> String?, integers: (String) -> [Int]?
  ) -> Architecture? {
    var result = self
    switch text("arch.stem") {
    case nil, "conv7x7": result.stem = .conv7x7
    case "conv3x3": result.stem = .conv3x3
    case "deep3x3": result.stem = .deep(integers("arch.stem_widths") ?? [])
    default: return nil
    }
    if let name = text("arch.shortcut") {
      guard let shortcut = Shortcut(rawValue: name) else { return nil }
      result.shortcut = shortcut
    }
    if let name = text("arch.stride_on") {
      guard let strideOn = StridedConvolution(rawValue: name) else { return nil }
      result.strideOn = strideOn
    }
    if let channels = integers("arch.se_channels") { result.attention = .squeezeExcitation(channels) }
    if let kernels = integers("arch.eca_kernels") {
      guard result.attention == nil else { return nil }
      result.attention = .eca(kernels)
    }
    if let dilations = integers("arch.dilations") { result.dilations = dilations }
    result.firstDilations = integers("arch.first_dilations") ?? Self.contracted(result.dilations)
    return result.isConsistent ? result : nil
  }
}
