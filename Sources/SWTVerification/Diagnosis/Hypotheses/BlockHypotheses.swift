internal import ResNetArchitecture
internal import ResNetEngine

/// Whole blocks, or convolutions of one block, in each other's place.
enum BlockHypotheses {
  static let all = [exchanged, sortedAsText, convolutionsExchanged]

  private static let exchanged = Hypothesis(id: "blocks-exchanged", side: .weights) { site in
    guard let stage = site.stage, let block = site.tree.block(stage) else {
      // Only neighbors if many blocks may be at fault.
      return zip(site.tree.blocks, site.tree.blocks.dropFirst())
        .filter { site.concerns($0.name) || site.concerns($1.name) }.compactMap { exchange($0, $1, site) }
    }
    return site.tree.blocks.filter { $0.name != stage }.compactMap { exchange(block, $0, site) }
  }

  private static func exchange(
    _ a: ResidualBlock, _ b: ResidualBlock, _ site: Hypothesis.Site
  ) -> Hypothesis.Candidate? {
    guard let forth = taking(a, from: b, site), let back = taking(b, from: a, site) else { return nil }
    let pair = site.tree.blocks.map(\.name).filter { $0 == a.name || $0 == b.name }
    return .init(
      text: "\(pair.joined(separator: " and ")) exchanged", place: a.name,
      change: WhatIf(weights: forth.merging(back) { first, _ in first }))
  }

  /// Stages of more than ten blocks, sorted by name as text: layer3.1, layer3.10, layer3.2.
  private static let sortedAsText = Hypothesis(id: "blocks-sorted-as-text", side: .weights) { site in
    let stages = Dictionary(grouping: site.tree.blocks, by: \.stage).values.filter { $0.count > 10 }
    guard stages.contains(where: { $0.contains { site.concerns($0.name) } }) else { return [] }
    return [false, true].compactMap { isInverse in
      var changes: [String: WeightChange] = [:]
      for blocks in stages {
        var order = Permutations.sortedAsText(blocks.count)
        if isInverse { order = Permutations.inverse(order) }
        for (place, source) in order.enumerated() where place != source {
          // The first block of a stage has different shapes, and is first in either order.
          guard let taken = taking(blocks[place], from: blocks[source], site) else { return nil }
          changes.merge(taken) { first, _ in first }
        }
      }
      return .init(
        text: "blocks sorted by name as text (1, 10, 2)", place: site.stage,
        change: WhatIf(weights: changes))
    }
  }

  /// The changes that give block `a` the tensors of `b`; nil if their shapes differ.
  private static func taking(
    _ a: ResidualBlock, from b: ResidualBlock, _ site: Hypothesis.Site
  ) -> [String: WeightChange]? {
    guard a.convolutions.map(\.weightShape) == b.convolutions.map(\.weightShape),
      a.body.map(\.groups) == b.body.map(\.groups)
    else { return nil }
    var changes: [String: WeightChange] = [:]
    for (mine, theirs) in zip(a.convolutions, b.convolutions) {
      changes.merge(taking(mine, from: theirs, site.isFolded)) { first, _ in first }
    }
    return changes
  }

  private static func taking(
    _ mine: ConvolutionUnit, from theirs: ConvolutionUnit, _ isFolded: Bool
  ) -> [String: WeightChange] {
    var changes = ["\(mine.name).weight": WeightChange(from: "\(theirs.name).weight")]
    if isFolded {
      changes["\(mine.name).bias"] = WeightChange(from: "\(theirs.name).bias")
    } else {
      for leaf in ["weight", "bias", "running_mean", "running_var"] {
        changes["\(mine.normName).\(leaf)"] = WeightChange(from: "\(theirs.normName).\(leaf)")
      }
    }
    return changes
  }

  /// Two convolutions of one block with equal shapes, without their norms.
  private static let convolutionsExchanged = Hypothesis(id: "conv-exchanged", side: .weights) { site in
    site.blocks.flatMap { block in
      let units = block.convolutions
      return units.indices.flatMap { place in
        units[(place + 1)...].filter { $0.weightShape == units[place].weightShape }.map { other in
          let (a, b) = (units[place].name, other.name)
          return Hypothesis.Candidate(
            text: "\(a) and \(b) exchanged", place: block.name,
            change: WhatIf(weights: [
              "\(a).weight": WeightChange(from: "\(b).weight"),
              "\(b).weight": WeightChange(from: "\(a).weight"),
            ]))
        }
      }
    }
  }
}
