// The modules of a file, compared with the layer tree node by node.

extension ModuleEvidence {
  /// Requires that every convolution of the tree is what its module states, and that every module of a block
  /// is in
  /// the tree.
  ///
  /// - Parameters:
  ///   - tree: The network.
  ///   - options: Names of conventions that were given as options, for the message.
  /// - Throws: ``ReadingFailure`` that names the first module that differs.
  func require(_ tree: LayerTree, options: Set<String>) throws(ReadingFailure) {
    for unit in tree.convolutions {
      guard let facts = facts(of: unit.name), ModuleKind(facts) == .convolution || hasNumbers(facts) else {
        continue
      }
      let padding: Int? = facts.size("padding").flatMap {
        if case .same(let value) = $0 { value } else { nil }
      }
      for (what, name, stated, expected) in [
        ("stride", "strides", try size(facts, "stride"), unit.stride),
        ("dilation", "dilations", try size(facts, "dilation"), unit.dilation),
        ("padding", "stem", padding, unit.padding), ("groups", "", number(facts, "groups"), unit.groups),
      ] {
        guard let stated, stated != expected else { continue }
        // A kernel of one pixel has no second tap: segmentation_models.pytorch dilates shortcuts too.
        if what == "dilation", unit.kernel == 1 { continue }
        let names =
          [
            "stride": ["strides", "stride_on", "dilations", "stem"],
            "dilation": ["dilations", "first_dilations"],
            "padding": ["stem", "dilations"],
          ][what] ?? [name]
        let reason =
          names.contains(where: { options.contains($0) })
          ? "the option makes it \(expected)" : "the layer tree has \(expected) there"
        throw ReadingFailure("\(facts.name) states \(what) \(stated) in the file, while \(reason)")
      }
    }
    for facts in inside {
      guard let block = block(of: facts), !isInGate(facts) else { continue }
      let parts = facts.name.split(separator: ".")
      let isShortcut = parts.contains { $0 == "downsample" || $0 == "shortcut" }
      switch ModuleKind(facts) {
      case .maxPool, .adaptiveAverage, .adaptiveMaximum:
        throw ReadingFailure(
          "\(facts.name) pools inside \(block), which the layer tree cannot express", .anyStateDict)
      case .averagePool where isShortcut: try requireShortcutPool(facts, tree, block)
      case .averagePool, .blur:
        guard isShortcut || tree.blocks.first(where: { $0.name == block })?.antialiasing == nil else {
          continue
        }
        throw ReadingFailure(
          "\(facts.name) pools inside \(block), which the layer tree cannot express", .anyStateDict)
      default: break
      }
    }
  }

  private func requireShortcutPool(
    _ facts: ModuleFacts, _ tree: LayerTree, _ block: String
  ) throws(ReadingFailure) {
    guard let node = tree.blocks.first(where: { $0.name == block }),
      case .projection(_, let pool) = node.shortcut
    else { return }
    let kernel = try size(facts, "kernel_size")
    let stride = try size(facts, "stride", default: kernel)
    if let pool, kernel == pool.kernel, stride == pool.stride { return }
    // A window of one pixel does nothing.
    if pool == nil, kernel == 1, stride == 1 { return }
    throw ReadingFailure(
      "\(facts.name) pools over \(kernel ?? 0)×\(kernel ?? 0) pixels with stride \(stride ?? 0), "
        + "which the layer tree cannot express", .anyStateDict)
  }

  private func hasNumbers(_ facts: ModuleFacts) -> Bool { facts.attributes["stride"] != nil }

  private func number(_ facts: ModuleFacts, _ name: String) -> Int? {
    if case .int(let value)? = facts.attributes[name] { value } else { nil }
  }
}
