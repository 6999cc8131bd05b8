internal import SWTBytes

/// A state dict laid onto a layer tree: what `load_state_dict(strict=True)` would say, all at once.
public struct StateDictFit: Sendable {
  /// A tensor of another shape than the tree's.
  public struct Mismatch: Hashable, Sendable {
    /// Its key.
    public let name: String
    /// The shape that the tree has.
    public let expected: [Int]
    /// The shape that the file has.
    public let actual: [Int]
  }

  /// Every leaf of the tree that the state dict fills, in execution order, and the key that fills it.
  public let filled: [(parameter: ParameterSpec, key: String)]
  /// Leaves that nothing fills and that inference needs.
  public let missing: [String]
  /// Keys that the tree has no place for.
  public let unexpected: [String]
  /// Keys whose shapes differ.
  public let mismatched: [Mismatch]

  /// Whether every key and every shape fits.
  public var isComplete: Bool { missing.isEmpty && unexpected.isEmpty && mismatched.isEmpty }

  /// Lays keys (canonical name -> shape) onto `tree`, whose BatchNorm may be folded into the convolutions.
  public init(_ tree: LayerTree, _ shapes: [String: [Int]], isFolded: Bool = false) {
    var filled: [(ParameterSpec, String)] = []
    var missing: [String] = []
    var mismatched: [Mismatch] = []
    var unused = Set(shapes.keys)
    for parameter in tree.parameters(isFolded: isFolded) {
      guard let shape = shapes[parameter.name] else {
        if !parameter.isOptional { missing.append(parameter.name) }
        continue
      }
      unused.remove(parameter.name)
      // PyTorch accepts a batch count of one element for a scalar, and so do old files.
      guard shape == parameter.shape || (parameter.isOptional && shape == [1]) else {
        mismatched.append(Mismatch(name: parameter.name, expected: parameter.shape, actual: shape))
        continue
      }
      filled.append((parameter, parameter.name))
    }
    self.filled = filled
    self.missing = missing
    self.mismatched = mismatched
    unexpected = unused.sorted()
  }

  /// Everything that does not fit, in one line, by block; `limit` blocks of each kind.
  public func summary(limit: Int = 8) -> String {
    var parts: [String] = []
    func add(_ label: String, _ names: [String], _ text: (String) -> String) {
      guard !names.isEmpty else { return }
      var blocks: [(name: String, leaves: [String])] = []
      for name in names {
        let block = NearMiss.blockName(name)
        if blocks.last?.name != block { blocks.append((block, [])) }
        blocks[blocks.count - 1].leaves.append(name)
      }
      let items = blocks.prefix(limit).map { block in
        block.leaves.count > 2
          ? "\(block.name) (\(block.leaves.count) tensors)" : block.leaves.map(text).joined(separator: ", ")
      }
      let more = blocks.count > limit ? ", +\(blocks.count - limit) more blocks" : ""
      parts.append("\(names.count) \(label): \(items.joined(separator: ", "))\(more)")
    }
    let near = unexpected
    add("missing", missing) { name in
      guard let other = Self.nearest(to: name, in: near) else { return name }
      return "\(name) (nearest: \(other))"
    }
    add("unexpected", unexpected) { $0 }
    let shapes = Dictionary(mismatched.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    add("of another shape", mismatched.map(\.name)) { name in
      shapes[name].map { "\(name) is \($0.actual), expected \($0.expected)" } ?? name
    }
    return parts.joined(separator: "; ")
  }

  /// The closest name within a third of the length; two thousand candidates are enough for a hint.
  private static func nearest(to name: String, in others: [String]) -> String? {
    EditDistance.nearest(to: name, in: Array(others.prefix(2000)))
  }
}
