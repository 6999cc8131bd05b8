/// The tensors of a state dict by canonical name.
struct Leaves {
  /// Canonical name -> shape.
  private(set) var shapes: [String: [Int]] = [:]
  /// Canonical name -> name in the file; synthesized leaves are absent.
  private(set) var names: [String: String] = [:]
  private(set) var leftOut: [(key: String, reason: String)] = []
  /// Names that are not part of the network.
  private(set) var foreign: [String] = []

  /// - Throws: ``ReadingFailure`` if two tensors are the same leaf.
  init(_ tensors: [(name: String, shape: [Int])], _ choice: CandidateChoice) throws(ReadingFailure) {
    let prefix = choice.candidate.prefix
    for (name, shape) in tensors {
      guard let key = name.removing(prefix) else {
        foreign.append(name)
        continue
      }
      if Self.isTrainingOnly(key) {
        leftOut.append((name, "counters of thop, not part of the network"))
        continue
      }
      switch choice.family.meaning(key) {
      case .foreign: foreign.append(name)
      case .leftOut(let reason): leftOut.append((name, reason))
      case .leaf(let leaf): try add(leaf, shape, name)
      }
    }
    try rename(choice.family.renames(shapes))
    if choice.family.storesAffineOnly { addStatistics() }
  }

  private mutating func add(_ leaf: String, _ shape: [Int], _ name: String) throws(ReadingFailure) {
    if let other = names.updateValue(name, forKey: leaf) {
      throw ReadingFailure("\(other) and \(name) are the same tensor of the network, \(leaf)")
    }
    shapes[leaf] = shape
  }

  /// Puts a tensor in the place of the classifier's.
  mutating func setHead(_ leaf: String, _ shape: [Int], _ name: String) {
    (shapes[leaf], names[leaf]) = (shape, name)
    foreign.removeAll { $0 == name }
  }

  mutating func remove(_ leaf: String) {
    shapes[leaf] = nil
    names[leaf] = nil
  }

  /// Channels of the last stage's output; nil without blocks.
  var features: Int? {
    for stage in (1...8).reversed() {
      if let shape = shapes["layer\(stage).0.conv3.weight"] ?? shapes["layer\(stage).0.conv2.weight"] {
        return shape.first
      }
    }
    return nil
  }

  /// Whether a tensor is a counter that a profiler left in every module.
  static func isTrainingOnly(_ key: String) -> Bool {
    let leaf = key.split(separator: ".").last ?? ""
    return leaf == "total_ops" || leaf == "total_params"
  }

  /// Whether a leaf belongs to the network without its classifier.
  static func isBackbone(_ leaf: String) -> Bool {
    leaf.hasPrefix("conv1.") || leaf.hasPrefix("bn1.") || leaf.hasPrefix("layer")
  }

  private mutating func rename(_ renames: [String: String]) throws(ReadingFailure) {
    let moved = renames.compactMap { old, new -> (String, [Int], String)? in
      guard let shape = shapes.removeValue(forKey: old), let name = names.removeValue(forKey: old) else {
        return nil
      }
      return (new, shape, name)
    }
    for (leaf, shape, name) in moved { try add(leaf, shape, name) }
  }

  /// Synthesizes means and variances for BatchNorms that are stored only as scale and shift.
  private mutating func addStatistics() {
    guard !shapes.keys.contains(where: { $0.hasSuffix(".running_mean") || $0.hasSuffix(".running_var") })
    else {
      return
    }
    for (name, shape) in shapes where shape.count == 1 && name.hasSuffix(".weight") && NearMiss.isNorm(name) {
      let norm = name.dropLast("weight".count)
      shapes["\(norm)running_mean"] = shape
      shapes["\(norm)running_var"] = shape
    }
  }

  /// Leaves under another prefix than the state dict's, with that prefix, as left by removing a wrapper from
  /// half of the keys.
  ///
  /// `missing` are the leaves to look for; nil looks for any that the state dict lacks.
  func stray(
    _ tensors: [(name: String, shape: [Int])], _ choice: CandidateChoice, missing: Set<String>?
  ) -> [String: String] {
    let chosen = choice.candidate.prefix
    var found: [String: String] = [:]
    for (name, _) in tensors.prefix(20_000) {
      var rest = name[...]
      if let key = name.removing(chosen) {
        // A leaf of the state dict is not stray, even if a suffix of its name is another leaf's name.
        if case .leaf(let leaf) = choice.family.meaning(key), Self.isLeaf(leaf) { continue }
        rest = key[...]
      }
      rest = Self.end(of: rest)
      while true {
        if case .leaf(let leaf) = choice.family.meaning(String(rest)), Self.isLeaf(leaf) {
          if missing?.contains(leaf) ?? (names[leaf] == nil) {
            found[leaf] = String(name.dropLast(rest.count))
          }
          break
        }
        guard let dot = rest.firstIndex(of: ".") else { break }
        rest = rest[rest.index(after: dot)...]
      }
    }
    return found
  }

  /// The last components of a name, as many as the longest leaf of any family has: a name of a kilobyte may
  /// have five hundred.
  private static func end(of name: Substring) -> Substring {
    var count = 0
    for index in name.utf8.indices.reversed() where name.utf8[index] == UInt8(ascii: ".") {
      count += 1
      if count == 12 { return name[name.index(after: index)...] }
    }
    return name
  }

  /// Number of blocks in each stage, up to the last one present, even if earlier ones are missing.
  func blockCounts(stages: Int) -> [Int] {
    let blocks = NearMiss.Evidence(shapes: shapes, fit: nil, tree: nil).blocks
    return (1...max(stages, 1)).map { min((blocks[$0]?.max() ?? 0) + 1, 1000) }
  }

  /// Whether a name has the form of a ResNet's leaf.
  static func isLeaf(_ name: String) -> Bool {
    guard let path = KeyPath(name) else { return false }
    switch path.head {
    case "conv1", "bn1", "fc": return path.components.count <= 3
    default:
      return path.head.hasPrefix("layer") && path.components.count >= 4 && Int(path.components[1]) != nil
        && Int(path.head.dropFirst(5)) != nil
    }
  }
}
