/// What shapes cannot tell about a network, as far as one source knows it: a family of key names, a published file,
/// or whoever converts.
public struct Conventions: Hashable, Sendable {
  /// Where a bottleneck has its stride.
  public var strideOn: Architecture.StridedConvolution?
  /// Dilation of the 3×3 convolutions in each stage.
  public var dilations: [Int]?
  /// True where a dilated stage's first block has the dilation of the stage before, as torchvision has it; false where
  /// it has the stage's own.
  public var contractsDilation: Bool?
  /// Epsilon of every BatchNorm.
  public var epsilon: Double?
  /// Order of the channels that the first convolution takes.
  public var channels: ChannelOrder?
  /// What happens to pixels before the network.
  public var preprocessing: Preprocessing?

  /// Nil leaves a question to whoever is asked next.
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

/// Order of the colours in an image.
public enum ChannelOrder: String, CaseIterable, Sendable {
  /// Red first, as in torchvision.
  case rgb = "RGB"
  /// Blue first, as OpenCV and Caffe read images.
  case bgr = "BGR"
}

/// A convention that was settled, and who says so.
public struct Settled<Value: Hashable & Sendable>: Hashable, Sendable {
  /// What it is.
  public let value: Value
  /// Who says so.
  public let source: ConventionSource
}

/// Who says what shapes cannot tell.
public enum ConventionSource: Hashable, Sendable, CustomStringConvertible {
  /// Whoever converts.
  case option
  /// A published file, recognised by its SHA-256.
  case file(String)
  /// The names of the keys.
  case family(String)
  /// Nobody; PyTorch's and torchvision's own value.
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

/// Everything that shapes cannot tell, settled: an option goes before a published file, that before the family.
public struct SettledConventions: Hashable, Sendable {
  /// `nil` for basic blocks, which have no choice.
  public let strideOn: Settled<Architecture.StridedConvolution>?
  /// Dilation of each stage.
  public let dilations: Settled<[Int]>
  private let contractsDilation: Bool
  /// Epsilon of every BatchNorm.
  public let epsilon: Settled<Double>
  /// `nil` where nobody knows.
  public let channels: Settled<ChannelOrder>?
  /// `nil` where nobody knows.
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
    // What a source says about the values of pixels holds for its own order of channels alone.
    let order = channels?.value
    preprocessing = first { conventions in
      conventions.preprocessing.flatMap { order == nil || $0.channels == order ? $0 : nil }
    }
  }

  /// An architecture with these.
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
