/// The tensors of one state dict by their canonical names.
struct Leaves {
  /// Canonical name -> shape.
  private(set) var shapes: [String: [Int]] = [:]
  /// Canonical name -> name in the file; of synthesised leaves there is none.
  private(set) var names: [String: String] = [:]
  private(set) var leftOut: [(key: String, reason: String)] = []
  /// Names that are no part of the network.
  private(set) var foreign: [String] = []

  /// - Throws: ``ReadingFailure`` when two tensors would be the same leaf.
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

  /// Means and variances, for BatchNorms that are stored as scale and shift alone.
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

  /// Leaves that stand under another prefix than the state dict's, with that prefix: what half a wrapper leaves.
  ///
  /// `missing` are the leaves to look for; nil looks for any that the state dict does not have.
  func stray(
    _ tensors: [(name: String, shape: [Int])], _ choice: CandidateChoice, missing: Set<String>?
  ) -> [String: String] {
    let chosen = choice.candidate.prefix
    var found: [String: String] = [:]
    for (name, _) in tensors.prefix(20_000) {
      var rest = name[...]
      if let key = name.removing(chosen) {
        // What has its place there is not astray, although it may end like something else.
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

  /// Number of blocks in each stage, counted to the last that is there, whatever is missing before it.
  func blockCounts(stages: Int) -> [Int] {
    let blocks = NearMiss.Evidence(shapes: shapes, fit: nil, tree: nil).blocks
    return (1...max(stages, 1)).map { min((blocks[$0]?.max() ?? 0) + 1, 1000) }
  }

  /// True for names of the form that a ResNet's leaves have.
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

/// A linear layer that somebody put beside a network instead of into it.
enum ForeignHead {
  private static let names: Set<Substring> = ["fc", "linear", "classifier", "head", "last_linear", "logits"]

  /// `classifier.weight [5, 2048]`, of a state dict under that prefix; nil when there is none.
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
