/// A residual block: `relu(attention(body(x)) + shortcut(x))`.
public struct ResidualBlock: Hashable, Sendable {
  /// The shortcut of a block.
  public enum Shortcut: Hashable, Sendable {
    /// The unchanged input.
    case identity
    /// A convolution, preceded by average pooling if there is a pool.
    case projection(ConvolutionUnit, pool: PoolUnit?)
    /// The input with fewer pixels and more channels, without weights.
    case padded(PaddedShortcut)
  }

  /// `layer1.0` … `layer4.2`, the tap name of its output.
  public let name: String
  /// Index of its stage: 0, 1, 2, …
  public let stage: Int
  /// Two (basic) or three (bottleneck) units in order; the last has no ReLU of its own.
  public let body: [ConvolutionUnit]
  /// The gate between the body and the sum.
  public let attention: AttentionUnit?
  /// The branch added to the body's output.
  public let shortcut: Shortcut

  /// Number of input channels.
  public var inputChannels: Int { body[0].inputChannels }
  /// Number of output channels.
  public var outputChannels: Int { body[body.count - 1].outputChannels }

  /// The convolution of the shortcut; `nil` if the shortcut has no weights.
  public var downsample: ConvolutionUnit? {
    if case .projection(let unit, _) = shortcut { unit } else { nil }
  }

  /// Its convolutions in execution order: body, then projection.
  public var convolutions: [ConvolutionUnit] { body + [downsample].compactMap(\.self) }
}

/// The layers of a network, built from an ``Architecture``: the single source of truth about its topology.
///
/// Key mapping, parameter counts, the multiply-add table, the execution plan, the reference engine and the
/// taps all traverse this tree; the topology is defined nowhere else.
public struct LayerTree: Hashable, Sendable {
  /// The architecture that the tree was built from.
  public let architecture: Architecture
  /// The first convolutions.
  public let stem: StemLayers
  /// `nil` in networks for images of 32×32.
  public let maxPool: PoolUnit?
  /// All residual blocks, in execution order.
  public let blocks: [ResidualBlock]
  /// The classifier, preceded by global average pooling; `nil` for a headless network.
  public let head: LinearUnit?

  /// - Precondition: ``Architecture/isConsistent``.
  public init(_ architecture: Architecture) {
    self.architecture = architecture
    stem = StemLayers(architecture)
    maxPool =
      architecture.stem == .conv3x3
      ? nil : PoolUnit(name: "maxpool", kind: .maximum, kernel: 3, stride: 2, padding: 1)

    var blocks: [ResidualBlock] = []
    var channels = architecture.stemChannels
    for stage in architecture.layers.indices {
      for index in 0..<architecture.layers[stage] {
        let block = ResidualBlock(architecture, stage: stage, index: index, inputChannels: channels)
        channels = block.outputChannels
        blocks.append(block)
      }
    }
    self.blocks = blocks
    head = architecture.classCount.map {
      LinearUnit(name: "fc", inputFeatures: channels, outputFeatures: $0)
    }
  }

  /// Every convolution in execution order: stem, then for each block its body and its projection.
  public var convolutions: [ConvolutionUnit] { stem.units + blocks.flatMap(\.convolutions) }

  /// Name of the output: `logits`, or `layer4` for a headless network of four stages.
  public var outputName: String { head == nil ? "layer\(architecture.layers.count)" : "logits" }

  /// Tap names at block granularity, in execution order.
  public var tapNames: [String] {
    [stem.name] + [maxPool?.name].compactMap(\.self) + blocks.map(\.name)
      + (head == nil ? [] : ["avgpool", "fc"])
  }
}

extension ResidualBlock {
  /// Block `index` of a stage.
  fileprivate init(_ architecture: Architecture, stage: Int, index: Int, inputChannels: Int) {
    let name = "layer\(stage + 1).\(index)"
    let width = architecture.width(stage: stage)
    let output = architecture.outputChannels(stage: stage)
    let stride = index == 0 ? architecture.stride(stage: stage) : 1
    let dilation = architecture.dilations[stage]
    let first = index == 0 ? architecture.firstDilations[stage] : dilation

    func unit(
      _ number: Int, _ from: Int, _ to: Int, kernel: Int, stride: Int = 1, dilation: Int = 1, groups: Int = 1,
      relu: Bool = true
    ) -> ConvolutionUnit {
      ConvolutionUnit(
        name: "\(name).conv\(number)", normName: "\(name).bn\(number)", from: from, to: to, kernel: kernel,
        stride: stride, dilation: dilation, groups: groups, relu: relu)
    }
    self.name = name
    self.stage = stage
    switch architecture.block {
    case .basic:
      body = [
        unit(1, inputChannels, output, kernel: 3, stride: stride, dilation: first),
        unit(2, output, output, kernel: 3, dilation: dilation, relu: false),
      ]
    case .bottleneck:
      let isEarly = architecture.strideOn == .conv1
      body = [
        unit(1, inputChannels, width, kernel: 1, stride: isEarly ? stride : 1),
        unit(
          2, width, width, kernel: 3, stride: isEarly ? 1 : stride, dilation: first,
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
      architecture, block: name, index: index, from: inputChannels, to: output, stride: stride)
  }

  /// torchvision projects where the shape changes, which happens only in the first block of a stage.
  private static func shortcut(
    _ architecture: Architecture, block: String, index: Int, from: Int, to: Int, stride: Int
  ) -> Shortcut {
    guard index == 0, stride != 1 || from != to else { return .identity }
    func projection(_ place: Int, stride: Int) -> ConvolutionUnit {
      ConvolutionUnit(
        name: "\(block).downsample.\(place)", normName: "\(block).downsample.\(place + 1)", from: from,
        to: to, kernel: 1, stride: stride, relu: false)
    }
    switch architecture.shortcut {
    case .projection: return .projection(projection(0, stride: stride), pool: nil)
    case .averagePool:
      // Without a stride, index 0 is an identity.
      let pool = PoolUnit(
        name: "\(block).downsample.0", kind: .average, kernel: stride, stride: stride, padding: 0)
      return .projection(projection(1, stride: 1), pool: stride == 1 ? nil : pool)
    case .padding:
      let before = (to - from) / 2
      return .padded(PaddedShortcut(stride: stride, before: before, after: to - from - before))
    }
  }
}
