extension Architecture {
  /// The published network with that name and its published number of classes; `nil` if there is none.
  ///
  /// Suffixes give what shapes do not determine: `_v1` puts the stride on the first 1×1 convolution, `_os8`
  /// and `_os16` give an output stride that is kept by dilation: `resnet50_os8`.
  public static func named(_ name: String) -> Architecture? {
    if let found = published.first(where: { $0.name == name }) { return found.architecture }
    if name.hasSuffix("_v1"), var base = named(String(name.dropLast(3))), base.block == .bottleneck,
      base.strideOn == .conv2
    {
      base.strideOn = .conv1
      return base
    }
    for (suffix, dilations) in outputStrides where name.hasSuffix(suffix) {
      guard var base = named(String(name.dropLast(suffix.count))), base.layers.count == dilations.count,
        base.dilations.allSatisfy({ $0 == 1 })
      else { continue }
      base.dilations = dilations
      base.firstDilations = contracted(dilations)
      return base
    }
    return nil
  }

  private static let outputStrides = [("_os8", [1, 1, 2, 4]), ("_os16", [1, 1, 1, 2])]

  /// The published name, regardless of the number of classes; otherwise a description in the same style.
  ///
  /// `resnext50_32x4d`, `resnet50_v1_os8`, or for an unpublished network `resnext_2-1-2-1_8x16d_base16`.
  public var name: String {
    var plain = self
    plain.strideOn = .conv2
    plain.dilations = layers.map { _ in 1 }
    plain.firstDilations = plain.dilations
    let known = Self.published.first { plain.hasSameBody(as: $0.architecture) }?.name
    return (known ?? plain.description) + hiddenSuffix
  }

  /// Suffixes for the properties that shapes do not determine.
  private var hiddenSuffix: String {
    var text = strideOn == .conv1 && block == .bottleneck ? "_v1" : ""
    if let (suffix, _) = Self.outputStrides.first(where: { $0.1 == dilations }) {
      text += suffix
    } else if dilations.contains(where: { $0 != 1 }) {
      text += "_dilated" + dilations.map(String.init).joined(separator: "-")
    }
    if firstDilations != Self.contracted(dilations) {
      text += "_first" + firstDilations.map(String.init).joined(separator: "-")
    }
    return text
  }

  private var description: String {
    var text = "\(family)_" + layers.map(String.init).joined(separator: "-")
    if block == .bottleneck { text += "_\(groups)x\(widthPerGroup)d" } else { text += "_basic" }
    if basePlanes != 64 { text += "_base\(basePlanes)" }
    switch stem {
    case .conv7x7: break
    case .conv3x3: text += "_cifar"
    case .deep(let widths): text += "_deep" + widths.map(String.init).joined(separator: "-")
    }
    if stemChannels != basePlanes { text += "_stem\(stemChannels)" }
    if shortcut != .projection { text += "_\(shortcut.rawValue)" }
    switch attention {
    case nil: break
    case .squeezeExcitation(let channels):
      text += "_se" + channels.map(String.init).joined(separator: "-")
    case .eca(let kernels): text += "_eca" + kernels.map(String.init).joined(separator: "-")
    }
    return text
  }

  /// Whether the architectures are equal except for the head and epsilon.
  public func hasSameBody(as other: Architecture) -> Bool { body == other.body }

  private var body: Architecture {
    var copy = self
    (copy.classCount, copy.epsilon) = (nil, 0)
    // A basic block always has its stride on the first convolution.
    if block == .basic { copy.strideOn = .conv2 }
    return copy
  }

  /// Whether body and head are equal; epsilon may differ, because only the forward pass depends on it.
  public func isSameNetwork(as other: Architecture) -> Bool {
    hasSameBody(as: other) && classCount == other.classCount
  }

  /// Name and number of classes: `resnext50_32x4d (1000 classes)`.
  public var summary: String {
    "\(name) (\(classCount.map { "\($0) classes" } ?? "headless"))"
  }
}
