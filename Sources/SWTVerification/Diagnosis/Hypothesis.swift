internal import ResNetArchitecture
internal import ResNetEngine

/// A way in which a model and a reference are known to differ: one entry of the table of causes.
struct Hypothesis: Sendable {
  /// Stable, for programs.
  let id: String
  let side: Cause.Side
  /// Everything that it may mean for the network, given the stage that is wrong by itself.
  let candidates: @Sendable (Site) -> [Candidate]

  init(
    id: String, side: Cause.Side, candidates: @escaping @Sendable (Site) -> [Candidate] = { _ in [] }
  ) {
    self.id = id
    self.side = side
    self.candidates = candidates
  }

  /// One concrete change that may explain the error.
  struct Candidate: Sendable {
    /// What is different, as a phrase: `kernels of layer2.0.conv2 rotated by 180°`.
    var text: String
    /// The layer, block or tensor that it is about; nil is the whole network.
    var place: String?
    var change: WhatIf
    /// The same fault everywhere in the network, where that is another one.
    var everywhere: Wider?
  }

  struct Wider: Sendable {
    var text: String
    var change: WhatIf
  }

  /// Where to look.
  struct Site: Sendable {
    let tree: LayerTree
    /// The stages that may be wrong, in the order of execution: one, unless nobody can tell.
    let stages: [String]
    /// True when BatchNorm is folded into the convolutions.
    let isFolded: Bool
    /// The epsilon that the golden states.
    let goldenEpsilon: Double

    /// The one stage that is wrong by itself, when it is known.
    var stage: String? { stages.count == 1 ? stages[0] : nil }

    /// The blocks in question.
    var blocks: [ResidualBlock] { tree.blocks.filter { concerns($0.name) } }

    /// The convolutions in question.
    var units: [ConvolutionUnit] {
      (concerns(tree.stem.name) ? tree.stem.units : []) + blocks.flatMap(\.convolutions)
    }

    func concerns(_ stage: String?) -> Bool { stage.map { stages.contains($0) } ?? false }
  }

  /// The table, the plainest explanation first; where BatchNorm is folded there is none to be wrong.
  static func all(isFolded: Bool) -> [Hypothesis] {
    InputHypotheses.all + FunctionHypotheses.all + BlockHypotheses.all + (isFolded ? [] : NormHypotheses.all)
      + ConvolutionHypotheses.all + HeadHypotheses.all + PrecisionHypotheses.all
  }
}

extension Hypothesis {
  /// A fault of single layers: each one in question, all of them together, and all in the network.
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
