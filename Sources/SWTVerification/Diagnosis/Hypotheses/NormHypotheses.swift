internal import ResNetArchitecture
internal import ResNetEngine

/// A BatchNorm's tensors are swapped, or were never loaded.
enum NormHypotheses {
  static let all: [Hypothesis] =
    roles + [
      exchanged,
      unloaded("running-mean-unloaded", "running_mean not loaded (all 0)", ["running_mean": 0]),
      unloaded("running-var-unloaded", "running_var not loaded (all 1)", ["running_var": 1]),
      unloaded(
        "running-statistics-unloaded", "running statistics not loaded (mean 0, variance 1)",
        ["running_mean": 0, "running_var": 1]),
      unloaded(
        "bn-affine-unloaded", "BatchNorm weight and bias not loaded (1 and 0)", ["weight": 1, "bias": 0]),
      unloaded("bn-bias-unloaded", "BatchNorm bias not loaded (all 0)", ["bias": 0]),
      unloaded("bn-weight-unloaded", "BatchNorm weight not loaded (all 1)", ["weight": 1]),
      Hypothesis.perLayer("variance-is-deviation", "running_var contains standard deviations") { unit in
        ["\(unit.normName).running_var": WeightChange { ContiguousArray($0.map { $0 * $0 }) }]
      },
      Hypothesis.perLayer("variance-is-deviation", "running_var read as standard deviations") { unit in
        ["\(unit.normName).running_var": WeightChange { ContiguousArray($0.map { $0.squareRoot() }) }]
      },
    ]

  private static let leaves = ["weight", "bias", "running_mean", "running_var"]

  /// The 23 ways to mix up four tensors of one shape; if many layers may be at fault, only swaps of two.
  private static let roles: [Hypothesis] = Permutations.all(4).filter { $0 != [0, 1, 2, 3] }.map { order in
    let isExchange = order.indices.count { order[$0] != $0 } == 2
    let anywhere = mixedUp(order)
    return Hypothesis(id: anywhere.id, side: anywhere.side) { site in
      isExchange || site.stage != nil ? anywhere.candidates(site) : []
    }
  }

  private static func mixedUp(_ order: [Int]) -> Hypothesis {
    Hypothesis.perLayer("bn-roles", "BatchNorm tensors mixed up (\(Self.text(order)))") { unit in
      Dictionary(
        uniqueKeysWithValues: order.enumerated().filter { $0.offset != $0.element }.map { role, source in
          ("\(unit.normName).\(leaves[role])", WeightChange(from: "\(unit.normName).\(leaves[source])"))
        })
    }
  }

  /// `weight ↔ bias`, or a cycle such as `weight ← bias ← running_mean`.
  private static func text(_ order: [Int]) -> String {
    var seen: Set<Int> = []
    var parts: [String] = []
    for start in order.indices where order[start] != start && !seen.contains(start) {
      var cycle: [Int] = []
      var next = start
      while seen.insert(next).inserted {
        cycle.append(next)
        next = order[next]
      }
      let names = cycle.map { leaves[$0] }
      parts.append(names.joined(separator: names.count == 2 ? " ↔ " : " ← "))
    }
    return parts.joined(separator: ", ")
  }

  /// Two norms of one block with equal shapes: bn1 and bn2 of a ResNeXt, or bn3 and that of the projection.
  private static let exchanged = Hypothesis(id: "bn-exchanged", side: .weights) { site in
    site.blocks.flatMap { block in
      let units = block.convolutions
      var candidates: [Hypothesis.Candidate] = []
      for (place, first) in units.enumerated() {
        for second in units[(place + 1)...] where second.outputChannels == first.outputChannels {
          var changes: [String: WeightChange] = [:]
          for leaf in leaves {
            changes["\(first.normName).\(leaf)"] = WeightChange(from: "\(second.normName).\(leaf)")
            changes["\(second.normName).\(leaf)"] = WeightChange(from: "\(first.normName).\(leaf)")
          }
          candidates.append(
            .init(
              text: "\(first.normName) and \(second.normName) exchanged", place: block.name,
              change: WhatIf(weights: changes)))
        }
      }
      return candidates
    }
  }

  private static func unloaded(_ id: String, _ text: String, _ values: [String: Float]) -> Hypothesis {
    Hypothesis.perLayer(id, side: .computation, text) { unit in
      Dictionary(
        uniqueKeysWithValues: values.map { leaf, value in
          (
            "\(unit.normName).\(leaf)",
            WeightChange { ContiguousArray(repeating: value, count: $0.count) }
          )
        })
    }
  }
}
