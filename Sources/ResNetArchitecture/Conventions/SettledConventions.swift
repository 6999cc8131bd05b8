/// All conventions, settled: each with the first witness that knows it, in the order file, published file,
/// option,
/// golden, family; what none knows is assumed.
public struct SettledConventions: Hashable, Sendable {
  /// The first convolution.
  public let stem: Settled<Architecture.Stem>
  /// The pooling after it; nil for none.
  public let pool: Settled<Architecture.Pool?>
  /// Stride of each stage.
  public let strides: Settled<[Int]>
  /// The convolution of a bottleneck that has the stride; in a basic block it is always the first.
  public let strideOn: Settled<Architecture.StridedConvolution>
  /// Dilation of each stage.
  public let dilations: Settled<[Int]>
  /// Dilation of each stage's first block.
  public let firstDilations: Settled<[Int]>
  /// Epsilon of every BatchNorm that ``epsilons`` does not list.
  public let epsilon: Settled<Double>
  /// Epsilons of other BatchNorms, by canonical name.
  public let epsilons: [String: Double]
  /// Whether every BatchNorm is folded into its convolution, so there is no epsilon left to know.
  public internal(set) var isFolded = false
  /// The filter that follows strided convolutions.
  public let antialiasing: Settled<Architecture.Antialiasing?>
  /// The shortcut of blocks that change the shape.
  public let shortcut: Settled<Architecture.Shortcut>
  /// The pooling before the classifier; nil in a headless network.
  public let finalPool: Settled<Architecture.FinalPool?>
  /// `relu`.
  public let activation: Settled<String>
  /// `zeros`.
  public let paddingMode: Settled<String>
  /// Name of the classifier in the file; nil in a headless network.
  public let head: Settled<String?>
  /// `nil` if unknown.
  public let channels: Settled<ChannelOrder>?
  /// `nil` if unknown.
  public let preprocessing: Settled<Preprocessing>?

  /// - Parameters:
  ///   - sources: Witnesses in order, the family last.
  ///   - shape: The network that shapes describe.
  ///   - head: The classifier's name in the file.
  ///   - family: The key family, which implies activation, padding mode, shortcut and final pooling.
  init(
    _ sources: [(Witness, Conventions)], _ shape: Architecture, head: Settled<String?>, family: String
  ) {
    func first<Value: Hashable & Sendable>(_ value: (Conventions) -> Value?) -> Settled<Value>? {
      for (witness, conventions) in sources {
        if let value = value(conventions) { return Settled(value, witness) }
      }
      return nil
    }
    let stages = shape.layers.count
    func perStage(_ value: (Conventions) -> [Int]?) -> Settled<[Int]>? {
      first { conventions in value(conventions).flatMap { $0.count == stages ? $0 : nil } }
    }
    self.head = head
    stem = first(\.stem) ?? Settled(shape.stem, .assumed)
    antialiasing = first(\.antialiasing).map { Settled($0.value, $0.witness) } ?? Settled(nil, stem.witness)
    var plain = shape
    (plain.stem, plain.antialiasing) = (stem.value, antialiasing.value)
    pool =
      first(\.pool).map { choice in
        if case .pool(let pool) = choice.value {
          Settled(pool, choice.witness)
        } else {
          Settled(nil, choice.witness)
        }
      } ?? Settled(plain.usualPool, antialiasing.value == nil ? .assumed : antialiasing.witness)
    strideOn =
      shape.block == .basic
      ? Settled(.conv2, .family(family)) : first(\.strideOn) ?? Settled(.conv2, .assumed)
    let dilations = perStage(\.dilations) ?? Settled(Array(repeating: 1, count: stages), .assumed)
    self.dilations = dilations
    firstDilations =
      perStage(\.firstDilations)
      ?? Settled(
        first(\.contractsDilation)?.value ?? true
          ? Architecture.contracted(dilations.value) : dilations.value,
        dilations.witness)
    strides =
      perStage(\.strides)
      ?? Settled(
        // Shapes of equal channels with a projection tell a stride of the first stage.
        dilations.value.allSatisfy { $0 == 1 }
          ? shape.strides : Architecture.strides(dilations: dilations.value),
        dilations.witness)
    epsilon = first(\.epsilon) ?? Settled(1e-5, .assumed)
    epsilons = sources.first { $0.1.epsilon != nil }?.1.epsilons ?? [:]
    shortcut = first(\.shortcut) ?? Settled(shape.shortcut, .family(family))
    finalPool =
      shape.hasHead
      ? first(\.finalPool).map { Settled($0.value, $0.witness) } ?? Settled(.average, .family(family))
      : Settled(nil, .family(family))
    activation = first(\.activation) ?? Settled("relu", .family(family))
    paddingMode = first(\.paddingMode) ?? Settled("zeros", .family(family))
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
    result.stem = stem.value
    result.antialiasing = antialiasing.value
    result.pool = pool.value
    result.strideOn = strideOn.value
    result.dilations = dilations.value
    result.firstDilations = firstDilations.value
    result.strides = strides.value
    result.epsilon = epsilon.value
    result.epsilons = epsilons
    result.shortcut = shortcut.value
    if let finalPool = finalPool.value { result.finalPool = finalPool }
    return result
  }
}

/// A settled convention by name, for reports.
public struct Convention: Hashable, Sendable {
  /// The value of a convention.
  public enum Value: Hashable, Sendable {
    /// Unknown.
    case none
    /// A text, such as `7x7/2/3`.
    case text(String)
    /// A number.
    case number(Double)
    /// A number per stage.
    case integers([Int])
    /// Mean and standard deviation per channel.
    case normalization(mean: [Double], std: [Double])
  }

  /// `stem`, `pool`, `strides` …
  public let name: String
  /// Its value.
  public let value: Value
  /// What it is known from.
  public let witness: Witness

  /// Name and value: `bn_eps 1e-05`.
  public var summary: String {
    switch value {
    case .none: "\(name) unknown"
    case .text(let text): "\(name) \(text)"
    case .number(let value): "\(name) \(value)"
    case .integers(let values): "\(name) \(values.map(String.init).joined(separator: ","))"
    case .normalization(let mean, let std): "\(name) \(mean), \(std)"
    }
  }

  /// Whether it belongs to the network, rather than to what is done with images before.
  public var isCounted: Bool { name != "channel_order" && name != "normalization" }
}

extension SettledConventions {
  func with(isFolded: Bool) -> SettledConventions {
    var copy = self
    copy.isFolded = isFolded
    return copy
  }

  /// Every convention, in execution order.
  public var list: [Convention] {
    func text(_ name: String, _ value: String, _ witness: Witness) -> Convention {
      Convention(name: name, value: .text(value), witness: witness)
    }
    return [
      text("stem", stem.value.description, stem.witness),
      text("pool", pool.value?.description ?? "none", pool.witness),
      Convention(name: "strides", value: .integers(strides.value), witness: strides.witness),
      text("stride_on", strideOn.value == .conv2 ? "3x3" : "1x1", strideOn.witness),
      Convention(name: "dilations", value: .integers(dilations.value), witness: dilations.witness),
      Convention(
        name: "first_dilations", value: .integers(firstDilations.value), witness: firstDilations.witness),
      isFolded && epsilon.witness == .assumed
        ? Convention(name: "bn_eps", value: .none, witness: .file)
        : Convention(name: "bn_eps", value: .number(epsilon.value), witness: epsilon.witness),
      text("activation", activation.value, activation.witness),
      text("padding_mode", paddingMode.value, paddingMode.witness),
      text("shortcut", shortcut.value.rawValue, shortcut.witness),
      text("final_pool", finalPool.value?.rawValue ?? "none", finalPool.witness),
      text("head", head.value ?? "none", head.witness),
      channels.map { text("channel_order", $0.value.rawValue, $0.witness) }
        ?? Convention(name: "channel_order", value: .none, witness: .assumed),
      preprocessing.map {
        Convention(
          name: "normalization",
          value: .normalization(mean: $0.value.mean, std: $0.value.standardDeviation), witness: $0.witness)
      } ?? Convention(name: "normalization", value: .none, witness: .assumed),
    ]
  }

  /// Conventions of the function that are only assumed.
  public var assumed: [Convention] { list.filter { $0.isCounted && $0.witness == .assumed } }
}
