/// The parameters that distinguish one ResNet or ResNeXt from another, from which the layer tree is built.
///
/// Names follow torchvision's `ResNet.__init__` (`block`, `layers`, `groups`, `width_per_group`,
/// `num_classes`) and the papers: He et al. 2015 (ResNet), Xie et al. 2016 (ResNeXt). Differences from
/// torchvision's networks are described by ``stem-swift.property``, ``shortcut-swift.property``,
/// ``attention-swift.property``, ``strideOn`` and ``dilations``.
public struct Architecture: Hashable, Sendable {
  /// The residual block: two 3×3 convolutions, or 1×1 – grouped 3×3 – 1×1.
  public enum Block: String, Sendable {
    /// Two 3×3 convolutions, as in ResNet-18 and 34.
    case basic
    /// 1×1, grouped 3×3, 1×1, as in ResNet-50 and deeper, and in every ResNeXt.
    case bottleneck

    /// Output channels of a block divided by its `planes`.
    public var expansion: Int { self == .basic ? 1 : 4 }
  }

  /// The kind of all residual blocks.
  public var block: Block
  /// Number of blocks in each stage: four stages for ImageNet, three in the CIFAR networks of He et al. 2015.
  public var layers: [Int]
  /// Groups ("cardinality") of the 3×3 convolution; 1 for a plain ResNet.
  public var groups: Int
  /// Channels per group in a stage whose `planes` is 64.
  public var widthPerGroup: Int
  /// `planes` of the first stage; 64 in every published ImageNet network, less in small ones.
  public var basePlanes: Int
  /// Output channels of the stem; equal to ``basePlanes`` in most published networks.
  public var stemChannels: Int
  /// Number of classes; `nil` for a headless network, which has no pooling and no fc and outputs the last
  /// stage's feature map.
  public var classCount: Int?
  /// Epsilon of every BatchNorm; 1e-5 in PyTorch.
  public var epsilon: Double
  /// The layers before the first stage.
  public var stem: Stem
  /// The shortcut of blocks whose body changes the shape.
  public var shortcut: Shortcut
  /// The gate at the end of each block's body, if there is one.
  public var attention: Attention?
  /// The convolution of a bottleneck that has the stride; cannot be inferred from shapes.
  public var strideOn: StridedConvolution
  /// Dilation of the 3×3 convolutions in each stage. A stage with a larger dilation than the previous one has
  /// stride 1 and so keeps its size. Cannot be inferred from shapes.
  public var dilations: [Int]
  /// Dilation of the first 3×3 convolution in the first block of each stage: the previous stage's, as in
  /// torchvision and timm, or the stage's own, as in detectron2.
  public var firstDilations: [Int]

  /// Creates an architecture. Dilations default to 1, those of first blocks to the previous stage's.
  public init(
    block: Block, layers: [Int], groups: Int = 1, widthPerGroup: Int = 64, classCount: Int? = 1000,
    basePlanes: Int = 64, stemChannels: Int? = nil, epsilon: Double = 1e-5, stem: Stem = .conv7x7,
    shortcut: Shortcut = .projection, attention: Attention? = nil, strideOn: StridedConvolution = .conv2,
    dilations: [Int]? = nil, firstDilations: [Int]? = nil
  ) {
    let dilations = dilations ?? Array(repeating: 1, count: layers.count)
    self.block = block
    self.layers = layers
    self.groups = groups
    self.widthPerGroup = widthPerGroup
    self.classCount = classCount
    self.basePlanes = basePlanes
    self.stemChannels = stemChannels ?? basePlanes
    self.epsilon = epsilon
    self.stem = stem
    self.shortcut = shortcut
    self.attention = attention
    self.strideOn = strideOn
    self.dilations = dilations
    self.firstDilations = firstDilations ?? Self.contracted(dilations)
  }

  /// `planes` of stage 0, 1, 2, …
  public func planes(stage: Int) -> Int { basePlanes << stage }

  /// Channels of the 3×3 convolution in a stage: `int(planes * (width_per_group / 64)) * groups`.
  ///
  /// Source: torchvision/models/resnet.py, `Bottleneck.__init__`. Integer division equals Python's `int()`
  /// here, because both factors are positive.
  public func width(stage: Int) -> Int {
    block == .basic ? planes(stage: stage) : planes(stage: stage) * widthPerGroup / 64 * groups
  }

  /// Output channels of a stage.
  public func outputChannels(stage: Int) -> Int { planes(stage: stage) * block.expansion }

  /// Stride of a stage's first block: 2, or 1 in the first stage and where dilation replaces the stride.
  public func stride(stage: Int) -> Int {
    stage == 0 || dilations[stage] > dilations[stage - 1] ? 1 : 2
  }

  /// Image pixels per pixel of the last feature map along one side: 32 in ImageNet networks without dilation.
  public var outputStride: Int {
    layers.indices.reduce(stem == .conv3x3 ? 1 : 4) { $0 * stride(stage: $1) }
  }

  /// `resnext` if convolutions are grouped, otherwise `resnet`.
  public var family: String { groups > 1 ? "resnext" : "resnet" }
  /// Whether there is a classifier.
  public var hasHead: Bool { classCount != nil }
  /// The usual height and width of input images in pixels.
  public var imageSize: Int { stem == .conv3x3 ? 32 : 224 }

  /// First-block dilations equal to the previous stage's dilation.
  static func contracted(_ dilations: [Int]) -> [Int] { Array(([1] + dilations).prefix(dilations.count)) }
}
