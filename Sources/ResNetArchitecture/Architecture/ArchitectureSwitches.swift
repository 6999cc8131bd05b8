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
    case .deep(stem.widths) where stem.isDeep: values.append(("arch.stem", .text("deep3x3")))
    default:
      values.append(("arch.stem", .text(stem.isDeep ? "deep" : "conv")))
      values.append(("arch.stem_conv", .integers([stem.kernel, stem.stride, stem.padding])))
    }
    if stem.isDeep { values.append(("arch.stem_widths", .integers(stem.widths))) }
    if antialiasing != nil || pool != usualPool {
      values.append(("arch.pool", .text(pool?.description ?? "none")))
    }
    if shortcut != .projection { values.append(("arch.shortcut", .text(shortcut.rawValue))) }
    switch attention {
    case nil: break
    case .squeezeExcitation(let channels): values.append(("arch.se_channels", .integers(channels)))
    case .eca(let kernels): values.append(("arch.eca_kernels", .integers(kernels)))
    }
    if let antialiasing { values.append(("arch.antialiasing", .text(antialiasing.rawValue))) }
    if strideOn != .conv2 { values.append(("arch.stride_on", .text(strideOn.rawValue))) }
    if dilations.contains(where: { $0 != 1 }) { values.append(("arch.dilations", .integers(dilations))) }
    if firstDilations != Self.contracted(dilations) {
      values.append(("arch.first_dilations", .integers(firstDilations)))
    }
    if strides != Self.strides(dilations: dilations) { values.append(("arch.strides", .integers(strides))) }
    if finalPool != .average { values.append(("arch.final_pool", .text(finalPool.rawValue))) }
    if hasHead, !headHasBias { values.append(("arch.head_bias", .text("none"))) }
    if !epsilons.isEmpty { values.append(("arch.bn_epsilons", .text(epsilonLines))) }
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
    guard let stem = Stem(text: text, integers: integers) else { return nil }
    result.stem = stem
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
    if let name = text("arch.antialiasing") {
      guard let antialiasing = Antialiasing(rawValue: name) else { return nil }
      result.antialiasing = antialiasing
    }
    if let text = text("arch.pool") {
      let pool = Pool(text)
      guard pool != nil || text == "none" else { return nil }
      result.pool = pool
    }
    if let dilations = integers("arch.dilations") { result.dilations = dilations }
    result.firstDilations = integers("arch.first_dilations") ?? Self.contracted(result.dilations)
    if let strides = integers("arch.strides") { result.strides = strides }
    if let name = text("arch.final_pool") {
      guard let pool = FinalPool(rawValue: name) else { return nil }
      result.finalPool = pool
    }
    if let name = text("arch.head_bias") {
      guard name == "none" else { return nil }
      result.headHasBias = false
    }
    if let lines = text("arch.bn_epsilons") {
      guard let epsilons = Self.epsilons(lines) else { return nil }
      result.epsilons = epsilons
    }
    return result.isConsistent ? result : nil
  }

  // MARK: - Epsilons, a line per BatchNorm

  private var epsilonLines: String {
    epsilons.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: "\n")
  }

  private static func epsilons(_ lines: String) -> [String: Double]? {
    var values: [String: Double] = [:]
    for line in lines.split(separator: "\n", omittingEmptySubsequences: false) {
      let parts = line.split(separator: " ", omittingEmptySubsequences: false)
      guard parts.count == 2, let value = Double(parts[1]) else { return nil }
      values[String(parts[0])] = value
    }
    return values
  }
}

extension Architecture.Stem {
  /// The stem that metadata describe; nil if a value is unknown.
  fileprivate init?(text: (String) -> String?, integers: (String) -> [Int]?) {
    let widths = integers("arch.stem_widths") ?? []
    switch text("arch.stem") {
    case nil, "conv7x7": self = .conv7x7
    case "conv3x3": self = .conv3x3
    case "deep3x3" where widths.count == 2: self = .deep(widths)
    case "conv", "deep":
      guard let sizes = integers("arch.stem_conv"), sizes.count == 3 else { return nil }
      if text("arch.stem") == "conv" {
        self.init(kernel: sizes[0], stride: sizes[1], padding: sizes[2])
      } else {
        guard widths.count == 2, sizes[0] == 3, sizes[2] == 1 else { return nil }
        self = .deep(widths, stride: sizes[1])
      }
    default: return nil
    }
  }
}
