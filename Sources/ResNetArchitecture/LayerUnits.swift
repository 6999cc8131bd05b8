/// A convolution with the BatchNorm and the activation that follow it.
public struct ConvolutionUnit: Hashable, Sendable {
  /// State-dict path of the convolution: `conv1`, `layer1.0.conv2`, `layer1.0.downsample.0`.
  public let name: String
  /// State-dict path of its BatchNorm: `bn1`, `layer1.0.bn2`, `layer1.0.downsample.1`.
  public let normName: String
  /// Input channels of all groups.
  public let inputChannels: Int
  /// Output channels (filters) of all groups.
  public let outputChannels: Int
  /// Height and width of the square kernel.
  public let kernel: Int
  /// Stride in both directions.
  public private(set) var stride: Int
  /// Spacing of the kernel's taps in pixels; 1 for an ordinary convolution.
  public let dilation: Int
  /// Number of groups; 1 for an ordinary convolution.
  public let groups: Int
  /// Whether a ReLU follows directly; there is none before the residual sum.
  public let relu: Bool

  init(
    name: String, normName: String, from inputChannels: Int, to outputChannels: Int, kernel: Int,
    stride: Int = 1, dilation: Int = 1, groups: Int = 1, relu: Bool = true
  ) {
    self.name = name
    self.normName = normName
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.kernel = kernel
    self.stride = stride
    self.dilation = dilation
    self.groups = groups
    self.relu = relu
  }

  /// The same convolution with another stride.
  package func strided(by stride: Int) -> ConvolutionUnit {
    var unit = self
    unit.stride = stride
    return unit
  }

  /// Zero padding on every side: half of the kernel's span.
  public var padding: Int { dilation * (kernel / 2) }

  /// `[out, in / groups, kernel, kernel]`, PyTorch's OIHW.
  public var weightShape: [Int] { [outputChannels, inputChannels / groups, kernel, kernel] }

  /// Output size along one side: `floor((size + 2·padding − dilation·(kernel − 1) − 1) / stride) + 1`.
  public func outputSize(_ size: Int) -> Int {
    (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1
  }
}

/// A pooling layer.
public struct PoolUnit: Hashable, Sendable {
  /// The reduction over a window.
  public enum Kind: Hashable, Sendable {
    /// The maximum; padding counts as −infinity.
    case maximum
    /// The mean over the pixels inside the image: `ceil_mode=True, count_include_pad=False`.
    case average
  }

  /// Tap name: `maxpool`.
  public let name: String
  /// The reduction over a window.
  public let kind: Kind
  /// Height and width of the window.
  public let kernel: Int
  /// Stride in both directions.
  public let stride: Int
  /// Padding on each side in pixels.
  public let padding: Int

  /// Output size along one side, rounded down for a maximum and up for an average.
  public func outputSize(_ size: Int) -> Int {
    let free = size + 2 * padding - kernel
    return kind == .maximum ? free / stride + 1 : (free + stride - 1) / stride + 1
  }
}

/// A channel gate: multiplies each channel by the `sigmoid` of a function of all channels' means.
public struct AttentionUnit: Hashable, Sendable {
  /// The function of the channels' means.
  public enum Kind: Hashable, Sendable {
    /// `fc2(relu(fc1(means)))`, both with a bias; the value is the number of channels between.
    case squeezeExcitation(Int)
    /// A zero-padded 1-D convolution over the channels, without a bias; the value is the kernel size.
    case eca(Int)
  }

  /// State-dict path in timm: `layer1.0.se`.
  public let name: String
  /// Channels of the feature map.
  public let channels: Int
  /// The function of the channels' means.
  public let kind: Kind

  /// Its layers' names, weight shapes and biases, in execution order.
  public var layers: [(name: String, weightShape: [Int], hasBias: Bool)] {
    switch kind {
    case .squeezeExcitation(let inner):
      [("\(name).fc1", [inner, channels, 1, 1], true), ("\(name).fc2", [channels, inner, 1, 1], true)]
    case .eca(let kernel): [("\(name).conv", [1, 1, kernel], false)]
    }
  }

  /// Multiply-adds of its layers for one image, without the means and the multiplication by the gate.
  public var multiplyAdds: Int {
    switch kind {
    case .squeezeExcitation(let inner): 2 * inner * channels
    case .eca(let kernel): kernel * channels
    }
  }
}

/// A shortcut without weights that changes the shape: "option A" of He et al. 2015.
public struct PaddedShortcut: Hashable, Sendable {
  /// Of every `stride` rows and columns, the first is kept.
  public let stride: Int
  /// Number of zero channels before and after the input's.
  public let before, after: Int

  /// Output size along one side.
  public func outputSize(_ size: Int) -> Int { (size - 1) / stride + 1 }
}

/// The classifier: `y = W x + b` with `W` of shape `[out, in]`.
public struct LinearUnit: Hashable, Sendable {
  /// State-dict path: `fc`.
  public let name: String
  /// Number of columns of the matrix.
  public let inputFeatures: Int
  /// Number of rows of the matrix: the classes.
  public let outputFeatures: Int
}

/// The layers before max pooling: one convolution, or three that share a name.
public struct StemLayers: Hashable, Sendable {
  /// Tap name of the last unit's output.
  public let name = "conv1"
  /// In execution order.
  public let units: [ConvolutionUnit]

  /// Channels of the image.
  public var inputChannels: Int { units[0].inputChannels }
  /// Input channels of the first stage.
  public var outputChannels: Int { units[units.count - 1].outputChannels }
  /// Output size along one side.
  public func outputSize(_ size: Int) -> Int { units.reduce(size) { $1.outputSize($0) } }

  init(_ architecture: Architecture) {
    let channels = architecture.stemChannels
    switch architecture.stem {
    case .conv7x7:
      units = [ConvolutionUnit(name: "conv1", normName: "bn1", from: 3, to: channels, kernel: 7, stride: 2)]
    case .conv3x3:
      units = [ConvolutionUnit(name: "conv1", normName: "bn1", from: 3, to: channels, kernel: 3)]
    case .deep(let widths):
      // timm's names: conv1 is a sequence with ReLUs at indices 2 and 5.
      units = [
        ConvolutionUnit(name: "conv1.0", normName: "conv1.1", from: 3, to: widths[0], kernel: 3, stride: 2),
        ConvolutionUnit(name: "conv1.3", normName: "conv1.4", from: widths[0], to: widths[1], kernel: 3),
        ConvolutionUnit(name: "conv1.6", normName: "bn1", from: widths[1], to: channels, kernel: 3),
      ]
    }
  }
}
