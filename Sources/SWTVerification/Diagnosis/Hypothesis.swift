internal import ResNetArchitecture
internal import ResNetEngine

/// A known way in which model and reference differ: an entry of the table of causes.
struct Hypothesis: Sendable {
  /// A stable identifier for programs.
  let id: String
  let side: Cause.Side
  /// The concrete changes that it may mean for the network, given the stage at fault.
  let candidates: @Sendable (Site) -> [Candidate]

  init(
    id: String, side: Cause.Side, candidates: @escaping @Sendable (Site) -> [Candidate] = { _ in [] }
  ) {
    self.id = id
    self.side = side
    self.candidates = candidates
  }

  /// A concrete change that may explain the error.
  struct Candidate: Sendable {
    /// What differs, as a phrase: `kernels of layer2.0.conv2 rotated by 180°`.
    var text: String
    /// The layer, block or tensor at fault; nil for the whole network.
    var place: String?
    var change: WhatIf
    /// The same fault everywhere in the network, if that is a different change.
    var everywhere: Wider?
  }

  struct Wider: Sendable {
    var text: String
    var change: WhatIf
  }

  /// The place to look for a fault.
  struct Site: Sendable {
    let tree: LayerTree
    /// The stages that may be at fault, in execution order; a single one if it is known.
    let stages: [String]
    /// Whether BatchNorm is folded into the convolutions.
    let isFolded: Bool
    /// The epsilon of the golden.
    let goldenEpsilon: Double

    /// The stage at fault, if it is known.
    var stage: String? { stages.count == 1 ? stages[0] : nil }

    /// The blocks that may be at fault.
    var blocks: [ResidualBlock] { tree.blocks.filter { concerns($0.name) } }

    /// The convolutions that may be at fault.
    var units: [ConvolutionUnit] {
      (concerns(tree.stem.name) ? tree.stem.units : []) + blocks.flatMap(\.convolutions)
    }

    func concerns(_ stage: String?) -> Bool { stage.map { stages.contains($0) } ?? false }
  }

  /// All hypotheses, the simplest explanation first; those about BatchNorm only if it is not folded.
  static func all(isFolded: Bool) -> [Hypothesis] {
    InputHypotheses.all + FunctionHypotheses.all + BlockHypotheses.all + (isFolded ? [] : NormHypotheses.all)
      + ConvolutionHypotheses.all + HeadHypotheses.all + PrecisionHypotheses.all
  }
}

extension Hypothesis {
  /// A fault of single layers: each layer that may be at fault, all of those together, and all layers of the
  /// network.
  static func perLayer(
    _ id: String, side: Cause.Side = .weights, _ what: String,
    _ change: @escaping @Sendable (ConvolutionUnit) -> [String: WeightChange]?
  ) -> Hypothesis {
    Hypothesis(id: id, side: side) { site in
      func merged(_ units: [ConvolutionUnit]) -> [String: WeightChange] {
        units.reduce(into: [:]) { all, unit in
          all.merge(change(unit) ?? [:]) { first, _ in first }
        }
      }
      let units = site.units.filter { change($0) != nil }
      let all = site.tree.convolutions.filter { change($0) != nil }
      let everywhere =
        all.count > 1 ? Wider(text: "\(what) in every layer", change: WhatIf(weights: merged(all))) : nil
      var candidates = units.map { unit in
        Candidate(
          text: "\(what) in \(unit.name)", place: unit.name, change: WhatIf(weights: merged([unit])),
          everywhere: everywhere)
      }
      if units.count > 1, let stage = site.stage {
        candidates.append(
          Candidate(
            text: "\(what) in \(stage)", place: stage, change: WhatIf(weights: merged(units)),
            everywhere: everywhere))
      }
      return candidates
    }
  }
}
