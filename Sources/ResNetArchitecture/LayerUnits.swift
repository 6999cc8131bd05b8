/// One convolution with the BatchNorm and the activation that follow it.
public struct ConvolutionUnit: Hashable, Sendable {
  /// State-dict path of the convolution: `conv1`, `layer1.0.conv2`, `layer1.0.downsample.0`.
  public let name: String
  /// State-dict path of its BatchNorm: `bn1`, `layer1.0.bn2`, `layer1.0.downsample.1`.
  public let normName: String
  /// Channels that come in, of all groups.
  public let inputChannels: Int
  /// Filters, of all groups.
  public let outputChannels: Int
  /// Height and width of the square kernel.
  public let kernel: Int
  /// Pixels between neighbouring outputs, in both directions.
  public private(set) var stride: Int
  /// Pixels between neighbouring taps of the kernel; 1 is an ordinary convolution.
  public let dilation: Int
  /// Groups of channels that are convolved apart; 1 is an ordinary convolution.
  public let groups: Int
  /// True when a ReLU follows directly (before the residual sum there is none).
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

  /// Zeros on every side: half of what the kernel spans.
  public var padding: Int { dilation * (kernel / 2) }

  /// `[out, in / groups, kernel, kernel]`, PyTorch's OIHW.
  public var weightShape: [Int] { [outputChannels, inputChannels / groups, kernel, kernel] }

  /// Output size along one side: `floor((size + 2·padding − dilation·(kernel − 1) − 1) / stride) + 1`.
  public func outputSize(_ size: Int) -> Int {
    (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1
  }
}

/// A window that slides over each channel.
public struct PoolUnit: Hashable, Sendable {
  /// What becomes of the values in a window.
  public enum Kind: Hashable, Sendable {
    /// The largest value; padding counts as −infinity.
    case maximum
    /// The mean of what lies inside the image: `ceil_mode=True, count_include_pad=False`.
    case average
  }

  /// Tap name: `maxpool`.
  public let name: String
  /// What becomes of the values in a window.
  public let kind: Kind
  /// Height and width of the window.
  public let kernel: Int
  /// Pixels between neighbouring windows.
  public let stride: Int
  /// Pixels that are added on each side.
  public let padding: Int

  /// Output size along one side, rounded down for a maximum and up for an average.
  public func outputSize(_ size: Int) -> Int {
    let free = size + 2 * padding - kernel
    return kind == .maximum ? free / stride + 1 : (free + stride - 1) / stride + 1
  }
}

/// A gate on the channels of a map: each is multiplied by `sigmoid` of what the means of all channels decide.
public struct AttentionUnit: Hashable, Sendable {
  /// How the means of the channels become gates.
  public enum Kind: Hashable, Sendable {
    /// `fc2(relu(fc1(means)))` with that many channels between, both with a bias.
    case squeezeExcitation(Int)
    /// A convolution of this many neighbouring channels' means, zeros beyond the ends, without bias.
    case eca(Int)
  }

  /// State-dict path, timm's: `layer1.0.se`.
  public let name: String
  /// Channels of the map.
  public let channels: Int
  /// How the means become gates.
  public let kind: Kind

  /// Its layers' names, weight shapes and biases, in execution order.
  public var layers: [(name: String, weightShape: [Int], hasBias: Bool)] {
    switch kind {
    case .squeezeExcitation(let inner):
      [("\(name).fc1", [inner, channels, 1, 1], true), ("\(name).fc2", [channels, inner, 1, 1], true)]
    case .eca(let kernel): [("\(name).conv", [1, 1, kernel], false)]
    }
  }

  /// For one image, gate and means not counted, as for the other layers.
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
  /// Channels of zeros before and after those of the input.
  public let before, after: Int

  /// Height or width that `size` becomes.
  public func outputSize(_ size: Int) -> Int { (size - 1) / stride + 1 }
}

/// The classifier: `y = W x + b`, `W` is `[out, in]`.
public struct LinearUnit: Hashable, Sendable {
  /// State-dict path: `fc`.
  public let name: String
  /// Columns of the matrix.
  public let inputFeatures: Int
  /// Rows of the matrix: the classes.
  public let outputFeatures: Int
}

/// What stands before max-pooling: one convolution, or three that share a name.
public struct StemLayers: Hashable, Sendable {
  /// Tap name of what the last unit puts out.
  public let name = "conv1"
  /// In execution order.
  public let units: [ConvolutionUnit]

  /// Channels of the image.
  public var inputChannels: Int { units[0].inputChannels }
  /// Channels that the first stage takes.
  public var outputChannels: Int { units[units.count - 1].outputChannels }
  /// Height or width that `size` becomes.
  public func outputSize(_ size: Int) -> Int { units.reduce(size) { $1.outputSize($0) } }

  init(_ architecture: Architecture) {
    let channels = architecture.stemChannels
    switch architecture.stem {
    case .conv7x7:
      units = [ConvolutionUnit(name: "conv1", normName: "bn1", from: 3, to: channels, kernel: 7, stride: 2)]
    case .conv3x3:
      units = [ConvolutionUnit(name: "conv1", normName: "bn1", from: 3, to: channels, kernel: 3)]
    case .deep(let widths):
      // timm's names: conv1 is a sequence whose places 2 and 5 are ReLUs.
      units = [
        ConvolutionUnit(name: "conv1.0", normName: "conv1.1", from: 3, to: widths[0], kernel: 3, stride: 2),
        ConvolutionUnit(name: "conv1.3", normName: "conv1.4", from: widths[0], to: widths[1], kernel: 3),
        ConvolutionUnit(name: "conv1.6", normName: "bn1", from: widths[1], to: channels, kernel: 3),
      ]
    }
  }
}
