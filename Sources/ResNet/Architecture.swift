/// What distinguishes one ResNet or ResNeXt from another: everything the layer tree is built from.
///
/// Names follow torchvision's `ResNet.__init__` (`block`, `layers`, `groups`, `width_per_group`,
/// `num_classes`) and the papers: He et al. 2015 (ResNet), Xie et al. 2016 (ResNeXt).
public struct Architecture: Hashable, Sendable {
  /// The residual block: two 3×3 convolutions, or 1×1 – grouped 3×3 – 1×1.
  public enum Block: String, Sendable {
    case basic, bottleneck

    /// Output channels of a block divided by its `planes`.
    public var expansion: Int { self == .basic ? 1 : 4 }
  }

  public var block: Block
  /// Number of blocks in each of the four stages.
  public var layers: [Int]
  /// Groups ("cardinality") of the 3×3 convolution; 1 for a plain ResNet.
  public var groups: Int
  /// Channels of one group where `planes` is 64.
  public var widthPerGroup: Int
  /// `planes` of the first stage; 64 in every published network, less in small ones.
  public var basePlanes: Int
  /// Channels that the stem makes; equal to ``basePlanes`` in every published network.
  public var stemChannels: Int
  /// Classes of the head; `nil` is headless: no pooling, no fc, the last stage's map comes out.
  public var classCount: Int?
  /// Epsilon of every BatchNorm; 1e-5 in PyTorch.
  public var epsilon: Double

  public init(
    block: Block, layers: [Int], groups: Int = 1, widthPerGroup: Int = 64, classCount: Int? = 1000,
    basePlanes: Int = 64, stemChannels: Int? = nil, epsilon: Double = 1e-5
  ) {
    self.block = block
    self.layers = layers
    self.groups = groups
    self.widthPerGroup = widthPerGroup
    self.classCount = classCount
    self.basePlanes = basePlanes
    self.stemChannels = stemChannels ?? basePlanes
    self.epsilon = epsilon
  }

  /// `planes` of stage 0…3.
  public func planes(stage: Int) -> Int { basePlanes << stage }

  /// Channels of the 3×3 convolution in stage 0…3: `int(planes * (width_per_group / 64)) * groups`.
  ///
  /// Source: torchvision/models/resnet.py, `Bottleneck.__init__`. Integer division is the same as
  /// Python's `int()` here, because both factors are positive.
  public func width(stage: Int) -> Int {
    block == .basic ? planes(stage: stage) : planes(stage: stage) * widthPerGroup / 64 * groups
  }

  /// Channels that leave stage 0…3.
  public func outputChannels(stage: Int) -> Int { planes(stage: stage) * block.expansion }

  public var family: String { groups > 1 ? "resnext" : "resnet" }
  public var hasHead: Bool { classCount != nil }
}

extension Architecture {
  /// The published networks by torchvision's and Facebook's names.
  public static let published: [(name: String, architecture: Architecture)] = [
    ("resnet18", Architecture(block: .basic, layers: [2, 2, 2, 2])),
    ("resnet34", Architecture(block: .basic, layers: [3, 4, 6, 3])),
    ("resnet50", Architecture(block: .bottleneck, layers: [3, 4, 6, 3])),
    ("resnet101", Architecture(block: .bottleneck, layers: [3, 4, 23, 3])),
    ("resnet152", Architecture(block: .bottleneck, layers: [3, 8, 36, 3])),
    ("resnext50_32x4d", resnext([3, 4, 6, 3], 32, 4)),
    ("resnext101_32x4d", resnext([3, 4, 23, 3], 32, 4)),
    ("resnext101_32x8d", resnext([3, 4, 23, 3], 32, 8)),
    ("resnext101_64x4d", resnext([3, 4, 23, 3], 64, 4)),
    ("resnext101_32x16d", resnext([3, 4, 23, 3], 32, 16)),
    ("resnext101_32x32d", resnext([3, 4, 23, 3], 32, 32)),
    ("resnext101_32x48d", resnext([3, 4, 23, 3], 32, 48)),
    ("resnext152_32x4d", resnext([3, 8, 36, 3], 32, 4)),
    ("wide_resnet50_2", resnext([3, 4, 6, 3], 1, 128)),
    ("wide_resnet101_2", resnext([3, 4, 23, 3], 1, 128)),
  ]

  private static func resnext(_ layers: [Int], _ groups: Int, _ width: Int) -> Architecture {
    Architecture(block: .bottleneck, layers: layers, groups: groups, widthPerGroup: width)
  }

  /// The published network of that name, with 1000 classes; `nil` when there is none.
  public static func named(_ name: String) -> Architecture? {
    published.first { $0.name == name }?.architecture
  }

  /// The published name, whatever the number of classes; otherwise a description in the same style.
  ///
  /// `resnext50_32x4d`, or for a network nobody named: `resnext_2-1-2-1_8x16d_base16`.
  public var name: String {
    for (name, other) in Self.published where hasSameBody(as: other) { return name }
    var text = "\(family)_" + layers.map(String.init).joined(separator: "-")
    if block == .bottleneck { text += "_\(groups)x\(widthPerGroup)d" } else { text += "_basic" }
    if basePlanes != 64 { text += "_base\(basePlanes)" }
    if stemChannels != basePlanes { text += "_stem\(stemChannels)" }
    return text
  }

  /// True when only the head may differ.
  public func hasSameBody(as other: Architecture) -> Bool {
    block == other.block && layers == other.layers && groups == other.groups
      && widthPerGroup == other.widthPerGroup && basePlanes == other.basePlanes
      && stemChannels == other.stemChannels
  }
}

extension Architecture {
  /// True when body and head agree; epsilon may differ, since that is a question for the forward pass.
  public func isSameNetwork(as other: Architecture) -> Bool {
    hasSameBody(as: other) && classCount == other.classCount
  }

  /// `resnext50_32x4d (1000 classes)`.
  public var summary: String {
    "\(name) (\(classCount.map { "\($0) classes" } ?? "headless"))"
  }
}
