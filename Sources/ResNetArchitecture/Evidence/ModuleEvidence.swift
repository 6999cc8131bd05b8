/// The modules of a file that are a network's, by the layers that they are.
struct ModuleEvidence {
  /// Facts under the network's prefix, in file order; the first may be the network itself.
  let inside: [ModuleFacts]
  private let places: [String: Int]
  private let parents: Set<String>
  private let owners: [String: String]
  /// Names of modules that have tensors of the network.
  let tensorOwners: Set<String>
  let prefix: String
  let hasCode: Bool
  /// Common path of the modules of each block, by canonical name.
  let blocks: [String: String]

  /// Nil if the file describes no modules of the network.
  ///
  /// - Parameters:
  ///   - evidence: All modules of the file.
  ///   - names: canonical name of a tensor -> name in the file.
  ///   - prefix: The prefix of the network.
  init?(_ evidence: FileEvidence, names: [String: String], prefix: String) {
    guard !evidence.modules.isEmpty else { return nil }
    let root = String(prefix.dropLast())
    inside = evidence.modules.filter { $0.name.hasPrefix(prefix) || $0.name == root }
    guard !inside.isEmpty else { return nil }
    self.prefix = prefix
    hasCode = evidence.hasCode
    places = Dictionary(
      inside.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { first, _ in first })
    var parents: Set<String> = []
    for facts in inside {
      var name = facts.name[...]
      while let dot = name.lastIndex(of: "."), parents.insert(String(name[..<dot])).inserted {
        name = name[..<dot]
      }
    }
    self.parents = parents
    owners = names.mapValues { Self.parent(of: $0) }
    tensorOwners = Set(owners.values)
    var blocks: [String: String] = [:]
    for (leaf, owner) in owners {
      let parts = leaf.split(separator: ".")
      guard parts.count >= 4, parts[0].hasPrefix("layer") else { continue }
      let block = "\(parts[0]).\(parts[1])"
      blocks[block] = blocks[block].map { Self.common($0, Self.parent(of: owner)) } ?? Self.parent(of: owner)
    }
    self.blocks = blocks
    // A module without any layer of the network describes something else.
    guard facts(of: "conv1") != nil || facts(of: "conv1.0") != nil else { return nil }
  }

  private static func parent(of name: String) -> String {
    name.lastIndex(of: ".").map { String(name[..<$0]) } ?? ""
  }

  private static func common(_ first: String, _ second: String) -> String {
    zip(first.split(separator: "."), second.split(separator: ".")).prefix { $0 == $1 }.map { String($0.0) }
      .joined(separator: ".")
  }

  /// The module of a layer by its canonical name: `layer1.0.conv1`.
  func facts(of unit: String) -> ModuleFacts? {
    guard let owner = owners["\(unit).weight"], let place = places[owner] else { return nil }
    return inside[place]
  }

  /// Whether other modules are inside a module.
  func isParent(_ facts: ModuleFacts) -> Bool { parents.contains(facts.name) }

  /// The block that a module is in, by canonical name.
  func block(of facts: ModuleFacts) -> String? {
    blocks.first { facts.name == $0.value || facts.name.hasPrefix($0.value + ".") }?.key
  }

  /// Index of the first and of the last module of blocks.
  var blockRange: Range<Int>? {
    let starts = blocks.values.map { $0 + "." }
    let found = inside.indices.filter { index in starts.contains { inside[index].name.hasPrefix($0) } }
    guard let first = found.first, let last = found.last else { return nil }
    return first..<last + 1
  }

  /// Place for a message: the name in the file, or what the whole is called.
  static func place(_ facts: ModuleFacts) -> String { facts.name.isEmpty ? "the network" : facts.name }

  /// Whether the network's modules run in the order of their names, and nothing else runs: torchvision's and
  /// timm's own classes, or a sequence.
  var isKnownForward: Bool {
    if hasCode { return true }
    guard let root = inside.first(where: { $0.name == prefix.dropLast() }) else { return false }
    return Self.modular.contains { root.type.hasPrefix($0) } || root.shortType == "Sequential"
  }

  /// Whether it is known what the network and its blocks do with their modules. The file has no code of a
  /// pickled module, so of a class of the user's only the layers are known.
  var hasKnownForward: Bool {
    if hasCode { return true }
    let roots = Set(blocks.values).union([String(prefix.dropLast())])
    return inside.allSatisfy { facts in
      guard roots.contains(facts.name), facts.shortType != "Sequential" else { return true }
      return (Self.modular + Self.functional).contains { facts.type.hasPrefix($0) }
    }
  }

  /// Libraries whose ResNets have every operation as a module.
  private static let modular = [
    "torchvision.models.", "timm.models.", "segmentation_models_pytorch.encoders.",
    "transformers.models.resnet.", "pretrainedmodels.models.",
  ]

  /// Libraries whose ResNets call some operations as functions.
  private static let functional = [
    "mmpretrain.models.", "mmcls.models.", "mmseg.models.", "mmdet.models.", "detectron2.",
    "pycls.models.",
  ]
}
