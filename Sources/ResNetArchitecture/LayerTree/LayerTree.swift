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
  /// The filter after the activation of the last convolution but one, which has the block's stride; nil
  /// unless the
  /// network is antialiased.
  public let antialiasing: PoolUnit?
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

  /// Index in ``body`` of the convolution before the ``antialiasing``.
  public var antialiasedIndex: Int { body.count - 2 }

  /// Output size of the body, and so of the block, along one side.
  public func outputSize(_ size: Int) -> Int {
    body.enumerated().reduce(size) { size, unit in
      let output = unit.element.outputSize(size)
      return unit.offset == antialiasedIndex ? antialiasing?.outputSize(output) ?? output : output
    }
  }

  /// Output size of the shortcut along one side.
  func shortcutSize(_ size: Int) -> Int {
    switch shortcut {
    case .identity: size
    case .projection(let unit, let pool): unit.outputSize(pool?.outputSize(size) ?? size)
    case .padded(let padded): padded.outputSize(size)
    }
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
  /// The pooling after the stem, usually a maximum; `nil` in networks for images of 32×32.
  public let maxPool: PoolUnit?
  /// The filter that follows it in networks with blurred strides.
  public let poolBlur: PoolUnit?
  /// All residual blocks, in execution order.
  public let blocks: [ResidualBlock]
  /// The classifier, preceded by global average pooling; `nil` for a headless network.
  public let head: LinearUnit?

  /// - Precondition: ``Architecture/isConsistent``.
  public init(_ architecture: Architecture) {
    self.architecture = architecture
    stem = StemLayers(architecture)
    maxPool = architecture.pool.map { pool in
      PoolUnit(
        name: "maxpool", kind: pool.kind == .maximum ? .maximum : .average, kernel: pool.kernel,
        stride: pool.stride, padding: pool.padding, ceilMode: pool.ceilMode)
    }
    poolBlur = architecture.pool?.isBlurred == true ? .blur("maxpool.1", stride: 2) : nil

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
      LinearUnit(
        name: "fc", inputFeatures: channels, outputFeatures: $0, hasBias: architecture.headHasBias)
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
