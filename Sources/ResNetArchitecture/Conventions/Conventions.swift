/// Properties of a network that shapes do not determine, as one source gives them: a key family, a published
/// file, or the user. Nil means that the source does not know.
public struct Conventions: Hashable, Sendable {
  /// The convolution of a bottleneck that has the stride.
  public var strideOn: Architecture.StridedConvolution?
  /// Dilation of the 3×3 convolutions in each stage.
  public var dilations: [Int]?
  /// Whether a dilated stage's first block has the previous stage's dilation, as in torchvision, rather than
  /// its own.
  public var contractsDilation: Bool?
  /// Epsilon of every BatchNorm.
  public var epsilon: Double?
  /// Order of the network's input channels.
  public var channels: ChannelOrder?
  /// How pixels are preprocessed.
  public var preprocessing: Preprocessing?

  /// Creates conventions; what is nil is left to the next source.
  public init(
    strideOn: Architecture.StridedConvolution? = nil, dilations: [Int]? = nil,
    contractsDilation: Bool? = nil, epsilon: Double? = nil, channels: ChannelOrder? = nil,
    preprocessing: Preprocessing? = nil
  ) {
    self.strideOn = strideOn
    self.dilations = dilations
    self.contractsDilation = contractsDilation
    self.epsilon = epsilon
    self.channels = channels
    self.preprocessing = preprocessing
  }
}

/// Order of the color channels of an image.
public enum ChannelOrder: String, CaseIterable, Sendable {
  /// Red first, as in torchvision.
  case rgb = "RGB"
  /// Blue first, as OpenCV and Caffe read images.
  case bgr = "BGR"
}

/// A settled convention and its source.
public struct Settled<Value: Hashable & Sendable>: Hashable, Sendable {
  /// The value.
  public let value: Value
  /// The source that gave it.
  public let source: ConventionSource
}

/// A source of conventions.
public enum ConventionSource: Hashable, Sendable, CustomStringConvertible {
  /// An option given by the user.
  case option
  /// A published file, recognized by its SHA-256.
  case file(String)
  /// The key family.
  case family(String)
  /// The default of PyTorch and torchvision.
  case torchvision

  public var description: String {
    switch self {
    case .option: "option"
    case .file(let name): "file \(name)"
    case .family(let name): "family \(name)"
    case .torchvision: "torchvision's default"
    }
  }
}

/// All conventions, settled: options take precedence over a published file, and that over the key family.
public struct SettledConventions: Hashable, Sendable {
  /// `nil` for basic blocks, in which the stride is always on the first convolution.
  public let strideOn: Settled<Architecture.StridedConvolution>?
  /// Dilation of each stage.
  public let dilations: Settled<[Int]>
  private let contractsDilation: Bool
  /// Epsilon of every BatchNorm.
  public let epsilon: Settled<Double>
  /// `nil` if unknown.
  public let channels: Settled<ChannelOrder>?
  /// `nil` if unknown.
  public let preprocessing: Settled<Preprocessing>?

  init(_ sources: [(ConventionSource, Conventions)], block: Architecture.Block, stages: Int) {
    func first<Value: Hashable & Sendable>(_ value: (Conventions) -> Value?) -> Settled<Value>? {
      for (source, conventions) in sources {
        if let value = value(conventions) { return Settled(value: value, source: source) }
      }
      return nil
    }
    strideOn =
      block == .basic
      ? nil : first(\.strideOn) ?? Settled(value: .conv2, source: .torchvision)
    dilations =
      first { $0.dilations.flatMap { $0.count == stages ? $0 : nil } }
      ?? Settled(value: Array(repeating: 1, count: stages), source: .torchvision)
    contractsDilation = first(\.contractsDilation)?.value ?? true
    epsilon = first(\.epsilon) ?? Settled(value: 1e-5, source: .torchvision)
    channels = first(\.channels)
    // The preprocessing of a source applies only to its own channel order.
    let order = channels?.value
    preprocessing = first { conventions in
      conventions.preprocessing.flatMap { order == nil || $0.channels == order ? $0 : nil }
    }
  }

  /// The architecture with these conventions.
  func applied(to architecture: Architecture) -> Architecture {
    var result = architecture
    if let strideOn { result.strideOn = strideOn.value }
    result.dilations = dilations.value
    result.firstDilations =
      contractsDilation ? Architecture.contracted(dilations.value) : dilations.value
    result.epsilon = epsilon.value
    return result
  }
}
