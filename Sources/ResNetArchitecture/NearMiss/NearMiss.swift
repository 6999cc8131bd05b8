/// Why a state dict does not fit the network that it resembles.
///
/// A misfit usually has one cause and many symptoms: one missing block appears as eighteen missing tensors.
/// The cause comes first, then everything that does not fit, by block.
public struct NearMiss: Hashable, Sendable {
  /// The first cause in execution order; nil if only symptoms are known.
  public let cause: String?
  /// What is missing, unexpected or of another shape, by block; empty without a tree to compare with.
  public let symptoms: String

  /// What a state dict has, and what it should have.
  struct Evidence {
    /// Shapes by canonical name.
    let shapes: [String: [Int]]
    /// The comparison with the tree; nil if no tree could be built.
    let fit: StateDictFit?
    let tree: LayerTree?

    var names: some Collection<String> { shapes.keys }
  }

  /// - Parameters:
  ///   - shapes: canonical name -> shape.
  ///   - tree: the expected network; nil if the shapes describe none.
  ///   - prefix: the prefix of these tensors' names in the file.
  ///   - stray: leaves that the file has under another prefix, with that prefix.
  public init(
    _ shapes: [String: [Int]], tree: LayerTree?, prefix: String = "", stray: [String: String] = [:]
  ) {
    let fit = tree.map { StateDictFit($0, shapes) }
    let evidence = Evidence(shapes: shapes, fit: fit, tree: tree)
    let detectors: [(Evidence) -> String?] = [
      { Self.prefixCause($0, prefix, stray) }, Self.variantCause, Self.stemCause, Self.stageCause,
      Self.blockCause,
      Self.orderCause, Self.normCause, Self.biasCause, Self.leafCause, Self.shapeCause, Self.headCause,
    ]
    cause = detectors.lazy.compactMap { $0(evidence) }.first
    symptoms = fit?.summary() ?? ""
  }

  /// Cause and symptoms in one line.
  public var description: String {
    [cause, symptoms.isEmpty ? nil : symptoms].compactMap(\.self).joined(separator: "; ")
  }

  /// Keys under two prefixes that form a network only together, such as a wrapper removed from half of the
  /// keys.
  private static func prefixCause(
    _ evidence: Evidence, _ prefix: String, _ stray: [String: String]
  ) -> String? {
    guard let other = stray.values.min() else { return nil }
    let count = stray.count
    let total = evidence.shapes.keys.count { Leaves.isLeaf($0) && stray[$0] == nil } + count
    func named(_ prefix: String) -> String { prefix.isEmpty ? "no prefix" : "the prefix '\(prefix)'" }
    return "\(count) of its \(total) keys have \(named(other)), the others have \(named(prefix))"
  }
}

extension NearMiss.Evidence {
  /// Indices of the blocks that have any tensor, by stage number, starting from 1.
  var blocks: [Int: Set<Int>] {
    var blocks: [Int: Set<Int>] = [:]
    for name in shapes.keys {
      let parts = name.split(separator: ".", maxSplits: 2)
      guard parts.count == 3, parts[0].hasPrefix("layer"), let stage = Int(parts[0].dropFirst(5)),
        let block = Int(parts[1]), (1...64).contains(stage), (0...9999).contains(block)
      else { continue }
      blocks[stage, default: []].insert(block)
    }
    return blocks
  }

  /// The alphabetically first name that satisfies a condition.
  func first(_ condition: (String) -> Bool) -> String? { shapes.keys.filter(condition).min() }
}
