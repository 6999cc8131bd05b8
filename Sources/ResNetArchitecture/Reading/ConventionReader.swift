/// Gathers the conventions of a network from all witnesses.
struct ConventionReader {
  let request: StateDictReading.Request
  var options: Conventions
  let official: OfficialFile?
  let family: KeyFamily
  let surroundings: Surroundings
  let evidence: FileEvidence
  let modules: ModuleEvidence?
  let golden: StateDictReading.PassingGolden?
  let head: Settled<String?>

  /// Names of the conventions that options give.
  var optionNames: Set<String> {
    var options = options
    if case .named(let name) = request, let named = Architecture.named(name) { options.add(namedAs: named) }
    return options.names
  }

  /// The architecture and its conventions.
  ///
  /// - Parameter shape: What shapes describe, or the request.
  /// - Returns: The architecture, and where its conventions are from.
  /// - Throws: ``ReadingFailure`` for witnesses that contradict each other, and for conventions that do not
  ///   fit.
  func settle(_ shape: Architecture) throws(ReadingFailure) -> (Architecture, SettledConventions) {
    var options = options
    if case .stated(let stated) = request {
      options = Conventions(all: stated, channels: options.channels)
    } else if case .named = request {
      options.add(namedAs: shape)
    }
    let stages = shape.layers.count
    for (what, list) in [
      ("dilations", options.dilations), ("dilations of first blocks", options.firstDilations),
      ("strides", options.strides),
    ] {
      guard let list, list.count != stages else { continue }
      throw ReadingFailure("\(what) are given for \(list.count) stages; the network has \(stages)")
    }
    if let stem = options.stem, stem.kernel != shape.stem.kernel || shape.stem.isDeep, stem != shape.stem {
      let own = shape.stem.isDeep ? "deep" : "\(shape.stem.kernel)×\(shape.stem.kernel)"
      throw ReadingFailure("the stem is given as \(stem), while the network's is \(own)")
    }
    var file = Conventions()
    var usual: Conventions?
    if let modules {
      file = try modules.conventions(shape)
      if !modules.hasKnownForward { usual = file.leavingForward() }
    }
    try file.add(evidence.arguments, prefix: surroundings.prefix, shape)
    file.add(normalizationBesides: surroundings)
    var sources: [(Witness, Conventions)] = [(.file, file)]
    if let official { sources.append((.published(official.name), official.conventions)) }
    sources.append((.option, options))
    try requireAgreement(sources)
    try requireSameStages(sources, shape)
    if let golden {
      var conventions = Conventions(all: golden.architecture, channels: nil)
      conventions.shortcut = nil
      // That of the family needs no golden.
      if conventions.finalPool == .average { conventions.finalPool = nil }
      let assumed = conventions.remove(golden.undetermined)
      sources += [(.golden(golden.name), conventions), (.assumed, assumed)]
    }
    if case .stated = request {
    } else {
      // What a class of the user's does with its layers is not in the file.
      if let usual { sources.append((.assumed, usual)) }
      sources.append((.family(family.name), familyConventions(shape)))
      if let guess = Conventions.assumption(surroundings) { sources.append((.assumed, guess)) }
    }
    let settled = SettledConventions(sources, shape, head: head, family: family.name)
    if case .stated(let stated) = request { return (stated, settled) }
    // An option may say the same as the file in other words, so the function is what has to agree.
    if modules != nil, options != Conventions() {
      let chosen = SettledConventions(
        [(.option, options)] + sources.filter { $0.0 != .option }, shape, head: head, family: family.name
      ).applied(to: shape)
      if chosen.isConsistent { try modules?.require(LayerTree(chosen), options: options.names) }
    }
    let architecture = settled.applied(to: shape)
    guard architecture.isConsistent else {
      throw ReadingFailure("its shapes do not describe a valid network: \(architecture.name)")
    }
    return (architecture, settled)
  }

  /// Conventions that follow from names and shapes of one kind of network alone.
  private func familyConventions(_ shape: Architecture) -> Conventions {
    var conventions = family.conventions(surroundings)
    if shape.stem.isDeep, conventions.stem == nil {
      conventions.stem = .deep(shape.stem.widths)
      conventions.pool = conventions.pool ?? .pool(.max3x3)
    }
    return conventions
  }

  /// Requires that witnesses that know the same say the same.
  private func requireAgreement(_ sources: [(Witness, Conventions)]) throws(ReadingFailure) {
    for (index, first) in sources.enumerated() {
      for second in sources[(index + 1)...] {
        guard let (what, one, other) = first.1.contradiction(second.1) else { continue }
        throw ReadingFailure(
          "\(what) is \(one) by \(Self.name(first.0)), and \(other) by \(Self.name(second.0))")
      }
    }
  }

  /// Requires that strides and dilations of two witnesses are the same function, in whatever words.
  private func requireSameStages(
    _ sources: [(Witness, Conventions)], _ shape: Architecture
  ) throws(ReadingFailure) {
    // Modules are compared with the layer tree one by one, which names the layer.
    guard modules == nil, let (firstWitness, first) = sources.first(where: { $0.1.statesStages }) else {
      return
    }
    func stages(_ order: [(Witness, Conventions)]) -> SettledConventions {
      SettledConventions(order, shape, head: head, family: family.name)
    }
    for (witness, conventions) in sources where witness != firstWitness && conventions.statesStages {
      let one = stages([(firstWitness, first), (witness, conventions)])
      let two = stages([(witness, conventions), (firstWitness, first)])
      for (what, value, other) in [
        ("strides are", one.strides.value, two.strides.value),
        ("dilations are", one.dilations.value, two.dilations.value),
        ("dilations of first blocks are", one.firstDilations.value, two.firstDilations.value),
      ] where value != other {
        func text(_ values: [Int]) -> String { values.map(String.init).joined(separator: ",") }
        throw ReadingFailure(
          "\(what) \(text(value)) by \(Self.name(firstWitness)), and \(text(other)) by "
            + Self.name(witness))
      }
      if shape.block == .bottleneck, let value = first.strideOn, let other = conventions.strideOn,
        value != other
      {
        func text(_ place: Architecture.StridedConvolution) -> String { place == .conv2 ? "3x3" : "1x1" }
        throw ReadingFailure(
          "a bottleneck's stride is on the \(text(value)) by \(Self.name(firstWitness)), and on the "
            + "\(text(other)) by \(Self.name(witness))")
      }
    }
  }

  private static func name(_ witness: Witness) -> String {
    switch witness {
    case .file: "what the file states"
    case .published(let name): "the published file \(name)"
    case .option: "the option"
    case .golden(let name): "the golden \(name)"
    case .family(let name): "the family \(name)"
    case .assumed: "assumption"
    }
  }
}
