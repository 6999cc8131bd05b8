/// Properties of a network that shapes do not determine, as one source gives them: the file, a key family, a
/// published file, or the user. Nil means that the source does not know.
public struct Conventions: Hashable, Sendable {
  /// A pooling layer, or none.
  public enum PoolChoice: Hashable, Sendable {
    /// No pooling after the stem.
    case none
    /// This one.
    case pool(Architecture.Pool)
  }

  /// The first convolution's stride and padding; its kernel is part of the shapes.
  public var stem: Architecture.Stem?
  /// The pooling after the stem.
  public var pool: PoolChoice?
  /// Stride of each stage.
  public var strides: [Int]?
  /// The convolution of a bottleneck that has the stride.
  public var strideOn: Architecture.StridedConvolution?
  /// Dilation of the 3×3 convolutions in each stage.
  public var dilations: [Int]?
  /// Whether a dilated stage's first block has the previous stage's dilation, as in torchvision, rather than
  /// its own.
  public var contractsDilation: Bool?
  /// Dilation of the first 3×3 convolution of each stage.
  public var firstDilations: [Int]?
  /// Epsilon of every BatchNorm that ``epsilons`` does not list.
  public var epsilon: Double?
  /// Epsilons of BatchNorms with another one, by canonical name.
  public var epsilons: [String: Double] = [:]
  /// The filter that follows strided convolutions.
  public var antialiasing: Architecture.Antialiasing?
  /// A shortcut that shapes do not tell from another: `averagePoolSame`.
  public var shortcut: Architecture.Shortcut?
  /// The pooling before the classifier.
  public var finalPool: Architecture.FinalPool?
  /// The activation; only `relu` can be computed.
  public var activation: String?
  /// The padding of convolutions; only `zeros` can be computed.
  public var paddingMode: String?
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

/// A settled convention and its witness.
public struct Settled<Value: Hashable & Sendable>: Hashable, Sendable {
  /// The value.
  public let value: Value
  /// What gave it.
  public let witness: Witness

  init(_ value: Value, _ witness: Witness) { (self.value, self.witness) = (value, witness) }
}

/// What a convention is known from.
public enum Witness: Hashable, Sendable, CustomStringConvertible {
  /// The file itself.
  case file
  /// A published file, recognized by its SHA-256.
  case published(String)
  /// An option given by the user.
  case option
  /// A golden that passes.
  case golden(String)
  /// The key family.
  case family(String)
  /// Nothing: it is what most networks have.
  case assumed

  /// The word in JSON and metadata.
  public var word: String {
    switch self {
    case .file: "file"
    case .published: "published"
    case .option: "option"
    case .golden: "golden"
    case .family: "family"
    case .assumed: "assumed"
    }
  }

  public var description: String {
    switch self {
    case .published(let name), .golden(let name), .family(let name): "\(word) \(name)"
    case .file: "the file"
    case .option, .assumed: word
    }
  }
}
