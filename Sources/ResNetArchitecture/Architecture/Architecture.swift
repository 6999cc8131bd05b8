/// The parameters that distinguish one ResNet or ResNeXt from another, from which the layer tree is built.
///
/// Names follow torchvision's `ResNet.__init__` (`block`, `layers`, `groups`, `width_per_group`,
/// `num_classes`) and the papers: He et al. 2015 (ResNet), Xie et al. 2016 (ResNeXt). The other properties
/// describe differences from torchvision's networks.
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
  /// Channels of the image; 3 in every published network.
  public var inputChannels = 3
  /// Number of classes; `nil` for a headless network, which has no pooling and no fc and outputs the last
  /// stage's feature map.
  public var classCount: Int?
  /// Whether the classifier has a bias.
  public var headHasBias = true
  /// Epsilon of every BatchNorm that ``epsilons`` does not list; 1e-5 in PyTorch.
  public var epsilon: Double
  /// Epsilons of BatchNorms with another one, by state-dict path: `layer4.0.bn2`.
  public var epsilons: [String: Double] = [:]
  /// The layers before the first stage.
  public var stem: Stem
  /// The shortcut of blocks whose body changes the shape.
  public var shortcut: Shortcut
  /// The gate at the end of each block's body, if there is one.
  public var attention: Attention?
  /// The filter that follows a strided convolution and has its stride, if there is one. Cannot be inferred
  /// from shapes.
  public var antialiasing: Antialiasing?
  /// The convolution of a bottleneck that has the stride; cannot be inferred from shapes.
  public var strideOn: StridedConvolution
  /// Dilation of the 3×3 convolutions in each stage. Cannot be inferred from shapes.
  public var dilations: [Int]
  /// Dilation of the first 3×3 convolution in the first block of each stage: the previous stage's, as in
  /// torchvision and timm, or the stage's own, as in detectron2.
  public var firstDilations: [Int]
  /// The pooling of each channel before the classifier; cannot be inferred from shapes.
  public var finalPool = FinalPool.average

  /// The pooling and the strides that were set, where they are not those that follow from other properties.
  private var ownPool: PoolChoice?
  private var ownStrides: [Int]?

  private enum PoolChoice: Hashable, Sendable {
    case none
    case pool(Pool)
  }

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

  // MARK: - Properties with a default that follows from others

  /// The pooling after the stem; nil if there is none. Cannot be inferred from shapes.
  ///
  /// Unless set: none after a 3×3 of stride 1, timm's where strides are antialiased, otherwise torchvision's.
  public var pool: Pool? {
    get {
      switch ownPool {
      case nil: usualPool
      case .some(.none): nil
      case .pool(let pool): pool
      }
    }
    set {
      let choice = newValue.map { PoolChoice.pool($0) } ?? .none
      ownPool = newValue == usualPool ? nil : choice
    }
  }

  /// What ``pool`` is unless it is set.
  var usualPool: Pool? {
    switch antialiasing {
    case .average: .average2x2
    case .blur: .blurred
    case nil: stem == .conv3x3 ? nil : .max3x3
    }
  }

  /// Stride of each stage's first block. Cannot be inferred from shapes.
  ///
  /// Unless set: 1 in the first stage and where a stage's dilation is larger than the previous one's,
  /// otherwise 2.
  public var strides: [Int] {
    get { ownStrides ?? Self.strides(dilations: dilations) }
    set { ownStrides = newValue == Self.strides(dilations: dilations) ? nil : newValue }
  }

  /// The strides that dilations leave.
  static func strides(dilations: [Int]) -> [Int] {
    dilations.indices.map { $0 == 0 || dilations[$0] > dilations[$0 - 1] ? 1 : 2 }
  }

  /// First-block dilations equal to the previous stage's dilation.
  static func contracted(_ dilations: [Int]) -> [Int] { Array(([1] + dilations).prefix(dilations.count)) }

  /// Epsilon of the BatchNorm at a state-dict path.
  public func epsilon(of norm: String) -> Double { epsilons[norm] ?? epsilon }

  // MARK: - Sizes

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

  /// Output channels of the last stage: the features that a classifier takes.
  public var featureCount: Int { outputChannels(stage: layers.count - 1) }

  /// Stride of a stage's first block.
  public func stride(stage: Int) -> Int { strides[stage] }

  /// Image pixels per pixel of the last feature map along one side: 32 in ImageNet networks without dilation.
  public var outputStride: Int { strides.reduce(stemReduction, *) }

  /// Image pixels per pixel of the first stage's input along one side.
  private var stemReduction: Int { stem.stride * (pool?.reduction ?? 1) }

  /// Whether stem and pooling keep the size of the image, as in networks for 32×32 pixels.
  var isForSmallImages: Bool { stemReduction == 1 }

  /// `resnext` if convolutions are grouped, otherwise `resnet`.
  public var family: String { groups > 1 ? "resnext" : "resnet" }
  /// Whether there is a classifier.
  public var hasHead: Bool { classCount != nil }
  /// The usual height and width of input images in pixels.
  public var imageSize: Int { isForSmallImages ? 32 : 224 }
}
