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
  /// Zero padding on every side; except in the first convolution, half of the kernel's span.
  public let padding: Int
  /// Number of groups; 1 for an ordinary convolution.
  public let groups: Int
  /// Epsilon of its BatchNorm.
  public let epsilon: Double
  /// Whether a ReLU follows directly; there is none before the residual sum.
  public let relu: Bool

  init(
    name: String, normName: String, from inputChannels: Int, to outputChannels: Int, kernel: Int,
    stride: Int = 1, padding: Int? = nil, dilation: Int = 1, groups: Int = 1, epsilon: Double,
    relu: Bool = true
  ) {
    self.name = name
    self.normName = normName
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.kernel = kernel
    self.stride = stride
    self.dilation = dilation
    self.padding = padding ?? dilation * (kernel / 2)
    self.epsilon = epsilon
    self.groups = groups
    self.relu = relu
  }

  /// The same convolution with another stride.
  package func strided(by stride: Int) -> ConvolutionUnit {
    var unit = self
    unit.stride = stride
    return unit
  }

  /// `[out, in / groups, kernel, kernel]`, PyTorch's OIHW.
  public var weightShape: [Int] { [outputChannels, inputChannels / groups, kernel, kernel] }

  /// Output size along one side: `floor((size + 2·padding − dilation·(kernel − 1) − 1) / stride) + 1`; 0 if
  /// the kernel does not fit.
  public func outputSize(_ size: Int) -> Int {
    let free = size + 2 * padding - dilation * (kernel - 1) - 1
    return free < 0 ? 0 : free / stride + 1
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
  /// Whether `b` exists.
  public let hasBias: Bool
}
