/// The parts of an ``Architecture``: stem, pooling, shortcuts, gates, strides.
extension Architecture {
  /// The layers before the first stage: one convolution, or three.
  public struct Stem: Hashable, Sendable {
    /// Channels of the first two of three 3×3 convolutions; empty for a stem of one convolution.
    public var widths: [Int]
    /// Height and width of the first convolution's kernel; 3 if there are three convolutions.
    public var kernel: Int
    /// Stride of the first convolution; the others of a deep stem have stride 1.
    public var stride: Int
    /// Zero padding of the first convolution on each side.
    public var padding: Int

    /// One convolution.
    public init(kernel: Int, stride: Int, padding: Int) {
      (widths, self.kernel, self.stride, self.padding) = ([], kernel, stride, padding)
    }

    private init(widths: [Int], stride: Int) {
      (self.widths, kernel, self.stride, padding) = (widths, 3, stride, 1)
    }

    /// A 7×7 convolution of stride 2.
    public static let conv7x7 = Stem(kernel: 7, stride: 2, padding: 3)
    /// A 3×3 convolution of stride 1, for CIFAR's 32×32 pixels (He et al. 2015, section 4.2).
    public static let conv3x3 = Stem(kernel: 3, stride: 1, padding: 1)
    /// Three 3×3 convolutions, of which the first has the stride; the value is the width of the first two:
    /// `[32, 32]` in ResNet-C and -D (He et al. 2018, "Bag of Tricks"), `[24, 32]` in timm's "t", `[64, 64]`
    /// in "s".
    public static func deep(_ widths: [Int], stride: Int = 2) -> Stem { Stem(widths: widths, stride: stride) }

    /// Whether there are three convolutions.
    public var isDeep: Bool { !widths.isEmpty }
    /// What remains when only shapes are known: the usual stride and padding for the kernel.
    var usual: Stem {
      if isDeep { return .deep(widths) }
      switch kernel {
      case 3: return .conv3x3
      default: return Stem(kernel: kernel, stride: 2, padding: kernel / 2)
      }
    }
  }

  /// The pooling between the stem and the first stage.
  public struct Pool: Hashable, Sendable {
    /// The reduction over a window.
    public enum Kind: Hashable, Sendable {
      /// The maximum; padding counts as −infinity.
      case maximum
      /// The mean.
      case average
    }

    /// The reduction over a window.
    public var kind: Kind
    /// Height and width of the window.
    public var kernel: Int
    /// Stride in both directions.
    public var stride: Int
    /// Padding on each side.
    public var padding: Int
    /// Whether the output size is rounded up.
    public var ceilMode: Bool
    /// Whether a 3×3 binomial filter of stride 2 follows, as in timm's `resnetblur50`.
    public var isBlurred: Bool

    /// Creates a pooling layer.
    public init(
      _ kind: Kind = .maximum, kernel: Int, stride: Int, padding: Int, ceilMode: Bool = false,
      isBlurred: Bool = false
    ) {
      self.kind = kind
      self.kernel = kernel
      self.stride = stride
      self.padding = padding
      self.ceilMode = ceilMode
      self.isBlurred = isBlurred
    }

    /// torchvision's: 3×3 maximum, stride 2, padding 1.
    public static let max3x3 = Pool(kernel: 3, stride: 2, padding: 1)
    /// timm's for average-pooled strides: 2×2 mean, stride 2.
    public static let average2x2 = Pool(.average, kernel: 2, stride: 2, padding: 0)
    /// timm's for blurred strides: 3×3 maximum of stride 1, then the filter.
    public static let blurred = Pool(kernel: 3, stride: 1, padding: 1, isBlurred: true)

    /// By how much height and width are divided.
    var reduction: Int { stride * (isBlurred ? 2 : 1) }
  }

  /// How a strided convolution is kept from aliasing: it has stride 1, and a filter with the stride follows
  /// its
  /// activation. Zhang 2019, "Making Convolutional Networks Shift-Invariant Again"; timm's `aa_layer`.
  public enum Antialiasing: String, Sendable {
    /// Average pooling over as many pixels as the stride.
    case average = "avgpool"
    /// A 3×3 binomial filter, with reflected borders.
    case blur
  }

  /// The shortcut of a block that changes the shape.
  public enum Shortcut: String, Sendable {
    /// A strided 1×1 convolution: "option B" of He et al. 2015.
    case projection
    /// Average pooling over as many pixels as the stride, if there is one, then a 1×1 convolution of stride
    /// 1:
    /// ResNet-D.
    case averagePool = "avgpool"
    /// The same; where dilation replaces a stride, the 2×2 window remains, with stride 1 and zeros after the
    /// last row and column: timm's `AvgPool2dSame`.
    case averagePoolSame = "avgpool_same"
    /// Every second pixel, and zeros for the new channels, half of them on either side: "option A".
    case padding = "pad"
  }

  /// A gate that multiplies each channel by a number between 0 and 1, computed from the means of all
  /// channels.
  public enum Attention: Hashable, Sendable {
    /// Squeeze-and-excitation (Hu et al. 2017); the value is the number of channels between its two layers,
    /// per stage.
    case squeezeExcitation([Int])
    /// Efficient channel attention (Wang et al. 2019); the value is the size of its 1-D kernel, per stage.
    case eca([Int])
  }

  /// The convolution of a bottleneck that has the stride.
  public enum StridedConvolution: String, Sendable {
    /// The first 1×1, as in the paper ("v1"), Caffe and detectron2's MSRA networks.
    case conv1
    /// The 3×3 ("v1.5"), as in torchvision and timm.
    case conv2
  }

  /// The pooling of each channel before the classifier.
  public enum FinalPool: String, Sendable {
    /// The mean.
    case average
    /// The maximum.
    case maximum
  }
}
