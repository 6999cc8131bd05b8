// Conventions that modules state.

extension ModuleEvidence {
  /// What the modules of a network with these shapes say.
  ///
  /// - Throws: ``ReadingFailure`` for a layer that the layer tree cannot express.
  func conventions(_ shape: Architecture) throws(ReadingFailure) -> Conventions {
    var result = Conventions()
    if let conv = facts(of: shape.stem.isDeep ? "conv1.0" : "conv1"),
      let stride = try size(conv, "stride", default: hasDefaults(conv) ? 1 : nil),
      let padding = try padding(conv, kernel: shape.stem.kernel)
    {
      result.stem =
        shape.stem.isDeep
        ? .deep(shape.stem.widths, stride: stride)
        : .init(kernel: shape.stem.kernel, stride: stride, padding: padding)
    }
    result.pool = try stemPool()
    try addStages(shape, to: &result)
    addEpsilons(LayerTree(shape), to: &result)
    if shape.hasHead { result.finalPool = finalPool() }
    if inside.contains(where: { ModuleKind($0) == .relu || $0.calls("relu") || $0.calls("relu_") }) {
      result.activation = "relu"
    }
    result.paddingMode = "zeros"
    return result
  }

  /// Whether absent attributes have their defaults: in graphs, which leave them out.
  private func hasDefaults(_ facts: ModuleFacts) -> Bool { !facts.calls.isEmpty }

  /// A size in both directions.
  ///
  /// - Throws: ``ReadingFailure`` if the directions differ.
  func size(
    _ facts: ModuleFacts, _ name: String, default fallback: Int? = nil
  ) throws(ReadingFailure) -> Int? {
    switch facts.size(name) {
    case .same(let value): return value
    case nil: return fallback
    case .named(let text):
      throw ReadingFailure("\(Self.place(facts)) has \(name) '\(text)'", .anyStateDict)
    case .different:
      throw ReadingFailure(
        "\(Self.place(facts)) has another \(name) for height than for width", .anyStateDict)
    }
  }

  private func padding(_ facts: ModuleFacts, kernel: Int) throws(ReadingFailure) -> Int? {
    switch facts.size("padding") {
    case .named("valid"): return 0
    case .named("same") where !kernel.isMultiple(of: 2):
      return kernel / 2 * (try size(facts, "dilation", default: 1) ?? 1)
    default: return try size(facts, "padding", default: hasDefaults(facts) ? 0 : nil)
    }
  }

  // MARK: - Pooling

  /// The pooling between the stem and the first block.
  private func stemPool() throws(ReadingFailure) -> Conventions.PoolChoice? {
    guard let range = blockRange else { return nil }
    let found = inside.indices.filter { index in
      let facts = inside[index]
      guard !range.contains(index) || block(of: facts) == nil else { return false }
      switch ModuleKind(facts) {
      case .maxPool: return true
      case .averagePool, .blur, .samePool: return index < range.lowerBound
      case .convolution, .norm: return false
      default: return facts.calls("max_pool2d") && block(of: facts) == nil
      }
    }.map { inside[$0] }
    switch found.map({ ModuleKind($0) }) {
    case []: return isKnownForward ? Conventions.PoolChoice.none : nil
    case [.averagePool]: return .pool(try pool(found[0], .average))
    case let kinds where kinds.count == 1 && kinds[0] != .blur: return .pool(try pool(found[0], .maximum))
    case let kinds where kinds.count == 2 && kinds[1] == .blur && kinds[0] != .averagePool:
      guard try size(found[1], "stride", default: 2) == 2 else {
        throw ReadingFailure("\(found[1].name) has another stride than 2", .anyStateDict)
      }
      var pool = try pool(found[0], .maximum)
      pool.isBlurred = true
      return .pool(pool)
    default:
      throw ReadingFailure(
        "there are \(found.count) pooling layers outside the blocks: "
          + found.prefix(4).map { Self.place($0) }.joined(separator: ", "), .anyStateDict)
    }
  }

  private func pool(
    _ facts: ModuleFacts, _ kind: Architecture.Pool.Kind
  ) throws(ReadingFailure) -> Architecture.Pool {
    guard let kernel = try size(facts, "kernel_size") else {
      throw ReadingFailure(
        "\(Self.place(facts)) pools, and the file does not say over which size", .anyStateDict)
    }
    let padding = try size(facts, "padding", default: 0) ?? 0
    let pool = Architecture.Pool(
      kind, kernel: kernel, stride: try size(facts, "stride", default: kernel) ?? kernel, padding: padding,
      ceilMode: facts.flag("ceil_mode") ?? false)
    let isSimple = try size(facts, "dilation", default: 1) == 1 && facts.number("divisor_override") == nil
    let counts = kind == .average && padding > 0 && facts.flag("count_include_pad") ?? true
    guard pool.isValid, isSimple, !counts else {
      throw ReadingFailure(
        "\(Self.place(facts)) is a pooling layer that the layer tree cannot express", .anyStateDict)
    }
    return pool
  }

  private func finalPool() -> Architecture.FinalPool? {
    guard let range = blockRange else { return nil }
    for (index, facts) in inside.enumerated() where block(of: facts) == nil {
      switch ModuleKind(facts) {
      case .adaptiveMaximum: return .maximum
      case .adaptiveAverage: return .average
      case .averagePool where index >= range.upperBound: return .average
      default: break
      }
      if block(of: facts) == nil, facts.calls("adaptive_max_pool2d") { return .maximum }
      if facts.calls("adaptive_avg_pool2d") || facts.calls("mean") { return .average }
    }
    return nil
  }

  // MARK: - Stages

  private func addStages(_ shape: Architecture, to result: inout Conventions) throws(ReadingFailure) {
    let tree = LayerTree(shape)
    var strides: [Int] = []
    var dilations: [Int] = []
    var firsts: [Int] = []
    for stage in shape.layers.indices {
      let blocks = tree.blocks.filter { $0.stage == stage }
      guard let first = blocks.first else { return }
      var stride = 1
      for (index, unit) in first.body.enumerated() {
        guard let facts = facts(of: unit.name),
          let own = try size(facts, "stride", default: hasDefaults(facts) ? 1 : nil)
        else { return }
        stride *= own
        if own > 1, shape.block == .bottleneck, index < 2 { result.strideOn = index == 0 ? .conv1 : .conv2 }
      }
      if let filter = filter(of: first.name) {
        result.antialiasing = ModuleKind(filter) == .blur ? .blur : .average
        let stated = try size(filter, "stride")
        let window = try size(filter, "kernel_size")
        let own = stated ?? window ?? 2
        if own > 1, shape.block == .bottleneck { result.strideOn = .conv2 }
        stride *= own
      }
      strides.append(stride)
      func dilation(_ block: ResidualBlock, _ index: Int) throws(ReadingFailure) -> Int? {
        guard block.body.indices.contains(index), let facts = facts(of: block.body[index].name) else {
          return nil
        }
        return try size(facts, "dilation", default: hasDefaults(facts) ? 1 : nil)
      }
      let firstIndex = shape.block == .basic ? 0 : 1
      guard let own = try dilation(first, firstIndex) else { return }
      firsts.append(own)
      let other: Int? =
        if shape.block == .basic {
          try dilation(first, 1)
        } else if blocks.count > 1 {
          try dilation(blocks[1], 1)
        } else {
          own
        }
      dilations.append(other ?? own)
      if result.shortcut == nil, hasSamePool(first.name) { result.shortcut = .averagePoolSame }
    }
    (result.strides, result.dilations, result.firstDilations) = (strides, dilations, firsts)
  }

  private func modules(of block: String) -> [ModuleFacts] {
    guard let root = blocks[block] else { return [] }
    return inside.filter { $0.name.hasPrefix(root + ".") }
  }

  /// The filter that has a block's stride.
  private func filter(of block: String) -> ModuleFacts? {
    modules(of: block).first { facts in
      let isShortcut = facts.name.split(separator: ".").contains { $0 == "downsample" || $0 == "shortcut" }
      return !isShortcut && !isInGate(facts) && [.blur, .averagePool].contains(ModuleKind(facts))
    }
  }

  private func hasSamePool(_ block: String) -> Bool {
    modules(of: block).contains { ModuleKind($0) == .samePool }
  }

  // MARK: - Epsilons

  private func addEpsilons(_ tree: LayerTree, to result: inout Conventions) {
    var values: [(norm: String, epsilon: Double)] = []
    for unit in tree.convolutions {
      guard let facts = facts(of: unit.normName),
        let epsilon = facts.number("eps") ?? facts.number("variance_epsilon")
      else { continue }
      values.append((unit.normName, epsilon))
    }
    guard !values.isEmpty else { return }
    var counts: [Double: Int] = [:]
    for value in values { counts[value.epsilon, default: 0] += 1 }
    let most = counts.values.max() ?? 0
    guard let usual = values.first(where: { counts[$0.epsilon] == most })?.epsilon else { return }
    result.epsilon = usual
    result.epsilons = Dictionary(
      values.filter { $0.epsilon != usual }.map { ($0.norm, $0.epsilon) },
      uniquingKeysWith: { first, _ in first })
  }
}
