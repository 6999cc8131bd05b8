extension Architecture {
  /// Infers the architecture from the shapes of a state dict with canonical names.
  ///
  /// Shapes determine the block type, number of blocks, groups, width, stem, shortcuts, gates, number of
  /// classes, and whether there is a head. They do not determine which convolution has the stride, dilation,
  /// or BatchNorm's epsilon, for which torchvision's values are used.
  /// - `resnext101_32x8d` and `resnext101_64x4d` differ only in `conv2.weight.shape[1]`.
  ///
  /// - Parameter shapes: canonical name -> shape.
  /// - Returns: an architecture whose tree may still differ from the shapes; compare them with
  ///   ``StateDictFit``.
  /// - Throws: ``ReadingFailure`` with the first shape that does not fit.
  public static func inferred(from shapes: [String: [Int]]) throws(ReadingFailure) -> Architecture {
    try ShapeReader(shapes: shapes).architecture()
  }
}

/// Infers the parts of an architecture one by one.
private struct ShapeReader {
  let shapes: [String: [Int]]

  func architecture() throws(ReadingFailure) -> Architecture {
    let (stem, stemChannels) = try stem()
    let layers = try blockCounts(stem)
    let classCount = shapes["fc.weight"] == nil ? nil : try shape("fc.weight", rank: 2)[0]
    let attention = try attention(stages: layers.count)

    guard shapes["layer1.0.conv3.weight"] != nil else {
      let planes = try shape("layer1.0.conv1.weight", rank: 4)[0]
      return Architecture(
        block: .basic, layers: layers, classCount: classCount, basePlanes: planes, stemChannels: stemChannels,
        stem: stem, shortcut: shortcut(stem, stages: layers.count), attention: attention)
    }
    let expansion = Architecture.Block.bottleneck.expansion
    let planes = try shape("layer1.0.conv3.weight", rank: 4)[0] / expansion
    let width = try shape("layer1.0.conv2.weight", rank: 4)
    guard planes > 0, width[0].isMultiple(of: width[1]) else {
      throw ReadingFailure("layer1.0.conv2.weight has shape \(width)")
    }
    let groups = width[0] / width[1]
    // int(planes * width_per_group / 64) rounds down; the relative loss is smallest in the widest stage.
    let last = try shape("layer\(layers.count).0.conv2.weight", rank: 4)[1]
    let lastPlanes = planes << (layers.count - 1)
    let widthPerGroup = (last * 64 + lastPlanes - 1) / lastPlanes
    return Architecture(
      block: .bottleneck, layers: layers, groups: groups, widthPerGroup: widthPerGroup,
      classCount: classCount, basePlanes: planes, stemChannels: stemChannels, stem: stem,
      shortcut: shortcut(stem, stages: layers.count), attention: attention)
  }

  private func shape(_ name: String, rank: Int) throws(ReadingFailure) -> [Int] {
    guard let shape = shapes[name] else { throw ReadingFailure("there is no \(name)") }
    // The bound prevents overflow in every product, whatever a file claims.
    guard shape.count == rank, shape.allSatisfy({ (1...1 << 16).contains($0) }) else {
      throw ReadingFailure("\(name) has shape \(shape)")
    }
    return shape
  }

  /// One 7×7 convolution, one 3×3 (for CIFAR's small images), or three 3×3 in a sequence.
  private func stem() throws(ReadingFailure) -> (Architecture.Stem, channels: Int) {
    if shapes["conv1.weight"] == nil, shapes["conv1.0.weight"] != nil {
      var channels: [Int] = []
      for place in [0, 3, 6] {
        let shape = try shape("conv1.\(place).weight", rank: 4)
        guard shape[1...] == [channels.last ?? 3, 3, 3] else {
          throw ReadingFailure(
            "conv1.\(place).weight has shape \(shape); in a deep stem it is "
              + "[channels, \(channels.last ?? 3), 3, 3]")
        }
        channels.append(shape[0])
      }
      return (.deep([channels[0], channels[1]]), channels[2])
    }
    let shape = try shape("conv1.weight", rank: 4)
    switch shape[1...] {
    case [3, 7, 7]: return (.conv7x7, shape[0])
    case [3, 3, 3]: return (.conv3x3, shape[0])
    default:
      throw ReadingFailure(
        "conv1.weight has shape \(shape); in a ResNet it is [channels, 3, 7, 7], "
          + "or [channels, 3, 3, 3] for small images")
    }
  }

  /// Requires four stages; with the stem for small images any number, because three are common.
  private func blockCounts(_ stem: Architecture.Stem) throws(ReadingFailure) -> [Int] {
    var layers: [Int] = []
    for stage in 1...(stem == .conv3x3 ? 8 : 4) {
      var count = 0
      while shapes["layer\(stage).\(count).conv1.weight"] != nil { count += 1 }
      if count == 0, stem == .conv3x3, stage > 1 { break }
      guard count > 0 else {
        throw ReadingFailure("there is no layer\(stage).0.conv1.weight")
      }
      layers.append(count)
    }
    return layers
  }

  /// A convolution at index 1 of `downsample` follows average pooling or an identity. If no shortcut has
  /// weights, a network for small images uses padding; in any other network they are missing.
  private func shortcut(_ stem: Architecture.Stem, stages: Int) -> Architecture.Shortcut {
    let first = (1...stages).map { "layer\($0).0.downsample" }
    if first.contains(where: { shapes["\($0).1.weight"]?.count == 4 }) { return .averagePool }
    if stem != .conv3x3 || first.contains(where: { shapes["\($0).0.weight"] != nil }) { return .projection }
    return shapes["layer1.0.conv3.weight"] == nil ? .padding : .projection
  }

  /// The gate, from the `se` layers in the first block of each stage.
  private func attention(stages: Int) throws(ReadingFailure) -> Architecture.Attention? {
    var sizes: [Int] = []
    if shapes["layer1.0.se.fc1.weight"] != nil {
      for stage in 1...stages { sizes.append(try shape("layer\(stage).0.se.fc1.weight", rank: 4)[0]) }
      return .squeezeExcitation(sizes)
    }
    guard shapes["layer1.0.se.conv.weight"] != nil else { return nil }
    for stage in 1...stages {
      let name = "layer\(stage).0.se.conv.weight"
      let shape = try shape(name, rank: 3)
      guard shape[0...1] == [1, 1], !shape[2].isMultiple(of: 2) else {
        throw ReadingFailure("\(name) has shape \(shape)")
      }
      sizes.append(shape[2])
    }
    return .eca(sizes)
  }
}
