extension Conventions {
  /// Everything that an architecture states.
  init(all architecture: Architecture, channels: ChannelOrder?) {
    self.init(channels: channels)
    stem = architecture.stem
    pool = architecture.pool.map { .pool($0) } ?? PoolChoice.none
    (strides, strideOn) = (architecture.strides, architecture.strideOn)
    (dilations, firstDilations) = (architecture.dilations, architecture.firstDilations)
    (epsilon, epsilons) = (architecture.epsilon, architecture.epsilons)
    (antialiasing, shortcut) = (architecture.antialiasing, architecture.shortcut)
    if architecture.hasHead { finalPool = architecture.finalPool }
  }

  /// Everything about a network's function that a weight file states.
  package init(stated architecture: Architecture) { self.init(all: architecture, channels: nil) }

  /// What the parts of a name say: `resnet50_v1`, `resnet50_os8`. What a name does not mention stays open.
  mutating func add(namedAs named: Architecture) {
    let plain = named.visible
    if strideOn == nil, named.strideOn != .conv2 { strideOn = named.strideOn }
    if dilations == nil, named.dilations != plain.dilations { dilations = named.dilations }
    if firstDilations == nil, named.firstDilations != Architecture.contracted(named.dilations) {
      firstDilations = named.firstDilations
    }
    if strides == nil, named.strides != Architecture.strides(dilations: named.dilations) {
      strides = named.strides
    }
    if stem == nil, named.stem != plain.stem { stem = named.stem }
    if antialiasing == nil, let filter = named.antialiasing { antialiasing = filter }
    // The filter replaces the pooling too.
    if pool == nil, named.antialiasing != nil || named.pool != named.usualPool {
      pool = named.pool.map { .pool($0) } ?? PoolChoice.none
    }
    if shortcut == nil, named.shortcut == .averagePoolSame { shortcut = .averagePoolSame }
    if finalPool == nil, named.hasHead, named.finalPool != .average { finalPool = named.finalPool }
  }

  /// Names of the conventions that are given, as in reports.
  package var names: Set<String> {
    var names: Set<String> = []
    func add(_ name: String, _ isGiven: Bool) { if isGiven { names.insert(name) } }
    add("stem", stem != nil)
    add("pool", pool != nil)
    add("strides", strides != nil)
    add("stride_on", strideOn != nil)
    add("dilations", dilations != nil)
    add("first_dilations", firstDilations != nil)
    add("bn_eps", epsilon != nil)
    add("channel_order", channels != nil)
    return names
  }

  /// Whether anything about strides or dilations is given.
  var statesStages: Bool {
    strides != nil || dilations != nil || firstDilations != nil || strideOn != nil
  }

  /// Removes the conventions of these names, and returns them.
  mutating func remove(_ names: Set<String>) -> Conventions {
    var removed = Conventions()
    func move<Value>(_ name: String, _ path: WritableKeyPath<Conventions, Value?>) {
      guard names.contains(name) else { return }
      removed[keyPath: path] = self[keyPath: path]
      self[keyPath: path] = nil
    }
    move("stem", \.stem)
    move("pool", \.pool)
    move("pool", \.antialiasing)
    move("strides", \.strides)
    move("stride_on", \.strideOn)
    move("dilations", \.dilations)
    move("first_dilations", \.firstDilations)
    return removed
  }

  /// Removes what depends on the order in which layers run, and returns it.
  mutating func leavingForward() -> Conventions {
    var forward = Conventions()
    (forward.pool, forward.finalPool, forward.activation) = (pool, finalPool, activation)
    (pool, finalPool, activation) = (nil, nil, nil)
    return forward
  }

  /// The first convention on which two witnesses contradict each other, apart from strides and dilations, of
  /// which several descriptions may be the same function.
  func contradiction(_ other: Conventions) -> (what: String, String, String)? {
    func differ<Value: Equatable>(_ path: (Conventions) -> Value?) -> (Value, Value)? {
      guard let first = path(self), let second = path(other), first != second else { return nil }
      return (first, second)
    }
    if let (first, second) = differ(\.stem) { return ("the stem", "\(first)", "\(second)") }
    if let (first, second) = differ(\.pool) { return ("the pooling after the stem", first.text, second.text) }
    if let (first, second) = differ(\.epsilon) { return ("BatchNorm's epsilon", "\(first)", "\(second)") }
    if let (first, second) = differ(\.channels) {
      return ("the channel order", first.rawValue, second.rawValue)
    }
    return nil
  }

  // MARK: - Normalization

  /// Mean and standard deviation in buffers beside the network: `0.mean` and `0.std` with three values each.
  mutating func add(normalizationBesides surroundings: Surroundings) {
    guard preprocessing == nil else { return }
    for name in surroundings.keys.sorted where name.hasSuffix("mean") && !name.hasSuffix("running_mean") {
      let shape = surroundings.shape(name) ?? []
      let deviationName = String(name.dropLast("mean".count)) + "std"
      guard [[3], [3, 1, 1], [1, 3, 1, 1]].contains(shape), surroundings.shape(deviationName) == shape,
        let mean = surroundings.values(name), let deviation = surroundings.values(deviationName),
        deviation.allSatisfy({ $0 > 0 })
      else { continue }
      // Means of a scale of 0…255 are above 1.
      let isBytes = mean.contains { $0 > 2 }
      preprocessing = Preprocessing(
        channels: isBytes && mean[0] < mean[2] ? .bgr : .rgb, scale: isBytes ? 1 : 1 / 255, mean: mean,
        standardDeviation: deviation)
      return
    }
  }

  // MARK: - Assumptions

  /// Better assumptions than the usual ones, from the network's surroundings: in
  /// segmentation_models.pytorch, DeepLabV3Plus and PAN have an output stride of 16 and DeepLabV3 one of 8
  /// unless told otherwise, with every convolution of a stage dilated.
  ///
  /// Sources: segmentation_models_pytorch/encoders/_utils.py, `replace_strides_with_dilation`;
  /// decoders/{deeplabv3,pan}/model.py, `encoder_output_stride`.
  static func assumption(_ surroundings: Surroundings) -> Conventions? {
    guard surroundings.prefix.hasSuffix("encoder.") else { return nil }
    let outside = surroundings.prefix.dropLast("encoder.".count)
    var conventions = Conventions()
    func has(_ part: String) -> Bool { surroundings.keys.contains("\(outside)decoder.\(part).") }
    if has("aspp") && has("block1") || has("fpa") {
      conventions.dilations = [1, 1, 1, 2]
    } else if has("aspp") || has("0.convs") {
      conventions.dilations = [1, 1, 2, 4]
    } else {
      return nil
    }
    conventions.firstDilations = conventions.dilations
    return conventions
  }
}

extension Conventions.PoolChoice {
  fileprivate var text: String {
    switch self {
    case .none: "none"
    case .pool(let pool): "\(pool)"
    }
  }
}
