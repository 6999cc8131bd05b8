extension ResidualBlock {
  /// Block `index` of a stage.
  init(_ architecture: Architecture, stage: Int, index: Int, inputChannels: Int) {
    let name = "layer\(stage + 1).\(index)"
    let width = architecture.width(stage: stage)
    let output = architecture.outputChannels(stage: stage)
    let stride = index == 0 ? architecture.stride(stage: stage) : 1
    let dilation = architecture.dilations[stage]
    let first = index == 0 ? architecture.firstDilations[stage] : dilation
    let filter = Self.filter(architecture, "\(name).aa", stride: stride, isDilated: first != dilation)
    // The filter has the stride of the convolution before it.
    let inner = filter == nil ? stride : 1

    func unit(
      _ number: Int, _ from: Int, _ to: Int, kernel: Int, stride: Int = 1, dilation: Int = 1, groups: Int = 1,
      relu: Bool = true
    ) -> ConvolutionUnit {
      let norm = "\(name).bn\(number)"
      return ConvolutionUnit(
        name: "\(name).conv\(number)", normName: norm, from: from, to: to, kernel: kernel, stride: stride,
        dilation: dilation, groups: groups, epsilon: architecture.epsilon(of: norm), relu: relu)
    }
    self.name = name
    self.stage = stage
    antialiasing = filter
    switch architecture.block {
    case .basic:
      body = [
        unit(1, inputChannels, output, kernel: 3, stride: inner, dilation: first),
        unit(2, output, output, kernel: 3, dilation: dilation, relu: false),
      ]
    case .bottleneck:
      let isEarly = architecture.strideOn == .conv1
      body = [
        unit(1, inputChannels, width, kernel: 1, stride: isEarly ? inner : 1),
        unit(
          2, width, width, kernel: 3, stride: isEarly ? 1 : inner, dilation: first,
          groups: architecture.groups),
        unit(3, width, output, kernel: 1, relu: false),
      ]
    }
    attention = architecture.attention.map { attention in
      let kind: AttentionUnit.Kind =
        switch attention {
        case .squeezeExcitation(let channels): .squeezeExcitation(channels[stage])
        case .eca(let kernels): .eca(kernels[stage])
        }
      return AttentionUnit(name: "\(name).se", channels: output, kind: kind)
    }
    shortcut = Self.shortcut(
      architecture, block: name, stage: stage, index: index, from: inputChannels, to: output, stride: stride)
  }

  /// timm's `create_aa`: a filter where there is a stride, or where the first dilation of a stage differs.
  private static func filter(
    _ architecture: Architecture, _ name: String, stride: Int, isDilated: Bool
  ) -> PoolUnit? {
    switch architecture.antialiasing {
    case .average where stride > 1:
      return PoolUnit(name: name, kind: .average, kernel: stride, stride: stride)
    case .blur where stride > 1 || isDilated: return .blur(name, stride: stride)
    case .average, .blur, nil: return nil
    }
  }

  /// torchvision projects where the shape changes, which happens only in the first block of a stage.
  private static func shortcut(
    _ architecture: Architecture, block: String, stage: Int, index: Int, from: Int, to: Int, stride: Int
  ) -> Shortcut {
    guard index == 0, stride != 1 || from != to else { return .identity }
    func projection(_ place: Int, stride: Int) -> ConvolutionUnit {
      let norm = "\(block).downsample.\(place + 1)"
      return ConvolutionUnit(
        name: "\(block).downsample.\(place)", normName: norm, from: from, to: to, kernel: 1, stride: stride,
        epsilon: architecture.epsilon(of: norm), relu: false)
    }
    switch architecture.shortcut {
    case .projection: return .projection(projection(0, stride: stride), pool: nil)
    case .averagePool, .averagePoolSame:
      // Without a stride, index 0 is an identity.
      var pool: PoolUnit?
      if stride > 1 {
        pool = PoolUnit(
          name: "\(block).downsample.0", kind: .average, kernel: stride, stride: stride, ceilMode: true)
      } else if architecture.shortcut == .averagePoolSame, architecture.dilations[stage] > 1 {
        pool = PoolUnit(
          name: "\(block).downsample.0", kind: .zeroPaddedAverage, kernel: 2, stride: 1, paddingAfter: 1)
      }
      return .projection(projection(1, stride: 1), pool: pool)
    case .padding:
      let before = (to - from) / 2
      return .padded(PaddedShortcut(stride: stride, before: before, after: to - from - before))
    }
  }
}
