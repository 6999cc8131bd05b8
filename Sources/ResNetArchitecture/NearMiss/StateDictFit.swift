internal import SWTBytes

/// A comparison of a state dict with a layer tree: everything `load_state_dict(strict=True)` would report.
public struct StateDictFit: Sendable {
  /// A tensor whose shape differs from the tree's.
  public struct Mismatch: Hashable, Sendable {
    /// Its key.
    public let name: String
    /// The shape in the tree.
    public let expected: [Int]
    /// The shape in the state dict.
    public let actual: [Int]
  }

  /// Every leaf of the tree that the state dict has, in execution order, and its key.
  public let filled: [(parameter: ParameterSpec, key: String)]
  /// Leaves required for inference that the state dict lacks.
  public let missing: [String]
  /// Keys that the tree does not have.
  public let unexpected: [String]
  /// Keys whose shapes differ.
  public let mismatched: [Mismatch]

  /// Whether every key and every shape fits.
  public var isComplete: Bool { missing.isEmpty && unexpected.isEmpty && mismatched.isEmpty }

  /// Compares shapes by canonical name with `tree`, whose BatchNorm may be folded into the convolutions.
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
      // A batch count may have one element instead of being a scalar: old files have it, and PyTorch accepts
      // it.
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

  /// Everything that does not fit, in one line, by block; at most `limit` blocks of each kind.
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

  /// The closest name within an edit distance of a third of the length; 2000 candidates are enough for a
  /// hint.
  private static func nearest(to name: String, in others: [String]) -> String? {
    EditDistance.nearest(to: name, in: Array(others.prefix(2000)))
  }
}
