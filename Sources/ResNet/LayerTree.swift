/// One convolution with the BatchNorm and the activation that follow it.
public struct ConvolutionUnit: Hashable, Sendable {
  /// State-dict path of the convolution: `conv1`, `layer1.0.conv2`, `layer1.0.downsample.0`.
  public let name: String
  /// State-dict path of its BatchNorm: `bn1`, `layer1.0.bn2`, `layer1.0.downsample.1`.
  public let normName: String
  public let inputChannels: Int
  public let outputChannels: Int
  /// Height and width of the square kernel.
  public let kernel: Int
  public private(set) var stride: Int
  /// Zeros on every side.
  public let padding: Int
  public let groups: Int
  /// True when a ReLU follows directly (before the residual sum there is none).
  public let relu: Bool

  /// `[out, in / groups, kernel, kernel]`, PyTorch's OIHW.
  public var weightShape: [Int] { [outputChannels, inputChannels / groups, kernel, kernel] }

  /// The same convolution with another stride.
  package func strided(by stride: Int) -> ConvolutionUnit {
    var unit = self
    unit.stride = stride
    return unit
  }

  /// Output size along one side: `floor((size + 2·padding − kernel) / stride) + 1`.
  public func outputSize(_ size: Int) -> Int { (size + 2 * padding - kernel) / stride + 1 }
}

/// A residual block: `relu(body(x) + shortcut(x))`.
public struct ResidualBlock: Hashable, Sendable {
  /// `layer1.0` … `layer4.2`, the tap name of its output.
  public let name: String
  /// 0…3.
  public let stage: Int
  /// Two (basic) or three (bottleneck) units in order; the last has no ReLU of its own.
  public let body: [ConvolutionUnit]
  /// The projection shortcut; `nil` is the identity.
  public let downsample: ConvolutionUnit?

  public var inputChannels: Int { body[0].inputChannels }
  public var outputChannels: Int { body[body.count - 1].outputChannels }
}

/// The classifier: `y = W x + b`, `W` is `[out, in]`.
public struct LinearUnit: Hashable, Sendable {
  public let name: String
  public let inputFeatures: Int
  public let outputFeatures: Int
}

/// A window of the max-pool after the stem; padding counts as −infinity.
public struct PoolUnit: Hashable, Sendable {
  public let name: String
  public let kernel: Int
  public let stride: Int
  public let padding: Int

  public func outputSize(_ size: Int) -> Int { (size + 2 * padding - kernel) / stride + 1 }
}

/// The network, built from an ``Architecture``: the one source of truth about its topology.
///
/// Key mapping, parameter counts, the multiply-add table, the execution plan, the reference engine and the
/// taps all walk this tree; nothing else repeats the topology.
public struct LayerTree: Hashable, Sendable {
  public let architecture: Architecture
  public let stem: ConvolutionUnit
  public let maxPool: PoolUnit
  public let blocks: [ResidualBlock]
  /// Global average pooling and the classifier; `nil` is headless.
  public let head: LinearUnit?

  public init(_ architecture: Architecture) {
    self.architecture = architecture
    stem = ConvolutionUnit(
      name: "conv1", normName: "bn1", inputChannels: 3, outputChannels: architecture.stemChannels,
      kernel: 7, stride: 2, padding: 3, groups: 1, relu: true)
    maxPool = PoolUnit(name: "maxpool", kernel: 3, stride: 2, padding: 1)

    var blocks: [ResidualBlock] = []
    var channels = architecture.stemChannels
    for stage in architecture.layers.indices {
      for index in 0..<architecture.layers[stage] {
        let block = Self.block(
          architecture, stage: stage, index: index, inputChannels: channels,
          stride: stage > 0 && index == 0 ? 2 : 1)
        channels = block.outputChannels
        blocks.append(block)
      }
    }
    self.blocks = blocks
    head = architecture.classCount.map {
      LinearUnit(name: "fc", inputFeatures: channels, outputFeatures: $0)
    }
  }

  private static func block(
    _ architecture: Architecture, stage: Int, index: Int, inputChannels: Int, stride: Int
  ) -> ResidualBlock {
    let name = "layer\(stage + 1).\(index)"
    let width = architecture.width(stage: stage)
    let output = architecture.outputChannels(stage: stage)

    func unit(
      _ number: Int, _ from: Int, _ to: Int, kernel: Int, stride: Int = 1, groups: Int = 1, relu: Bool = true
    ) -> ConvolutionUnit {
      ConvolutionUnit(
        name: "\(name).conv\(number)", normName: "\(name).bn\(number)", inputChannels: from,
        outputChannels: to, kernel: kernel, stride: stride, padding: kernel / 2, groups: groups, relu: relu)
    }
    let body: [ConvolutionUnit] =
      switch architecture.block {
      case .basic:
        [
          unit(1, inputChannels, output, kernel: 3, stride: stride),
          unit(2, output, output, kernel: 3, relu: false),
        ]
      case .bottleneck:
        // The stride sits on the 3×3 (torchvision's "v1.5"), not on the first 1×1 as in the paper.
        [
          unit(1, inputChannels, width, kernel: 1),
          unit(2, width, width, kernel: 3, stride: stride, groups: architecture.groups),
          unit(3, width, output, kernel: 1, relu: false),
        ]
      }
    // torchvision projects where the shape changes, which is only ever in the first block of a stage.
    let projects = index == 0 && (stride != 1 || inputChannels != output)
    let downsample =
      projects
      ? ConvolutionUnit(
        name: "\(name).downsample.0", normName: "\(name).downsample.1", inputChannels: inputChannels,
        outputChannels: output, kernel: 1, stride: stride, padding: 0, groups: 1, relu: false)
      : nil
    return ResidualBlock(name: name, stage: stage, body: body, downsample: downsample)
  }

  /// Every convolution in execution order: stem, then for each block its body and its projection.
  public var convolutions: [ConvolutionUnit] {
    var units = [stem]
    for block in blocks {
      units += block.body
      if let downsample = block.downsample { units.append(downsample) }
    }
    return units
  }

  /// Name of what comes out: `logits`, or `layer4` for a headless network.
  public var outputName: String { head == nil ? "layer4" : "logits" }

  /// Tap names at block granularity, in execution order.
  public var tapNames: [String] {
    ["conv1", "maxpool"] + blocks.map(\.name) + (head == nil ? [] : ["avgpool", "fc"])
  }
}
