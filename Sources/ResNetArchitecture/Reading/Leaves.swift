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

/// A classifier that is outside the network's prefix.
enum ForeignHead {
  private static let names: Set<Substring> = ["fc", "linear", "classifier", "head", "last_linear", "logits"]

  /// The classifier next to a state dict with that prefix, as `classifier.weight [5, 2048]`; nil if there is
  /// none.
  static func find(_ tensors: [(name: String, shape: [Int])], _ prefix: String) -> String? {
    guard prefix.hasSuffix(".") else { return nil }
    let parts = prefix.dropLast().split(separator: ".")
    let outside = parts.dropLast().map { "\($0)." }.joined()
    for (name, shape) in tensors where shape.count == 2 && !name.hasPrefix(prefix) {
      guard let rest = name.removing(outside), let path = KeyPath(rest), path.leaf == "weight",
        names.contains(path.head), path.components.count <= 3
      else { continue }
      if path.components.count == 3, Int(path.components[1]) == nil { continue }
      return "\(name) \(shape)"
    }
    return nil
  }
}
