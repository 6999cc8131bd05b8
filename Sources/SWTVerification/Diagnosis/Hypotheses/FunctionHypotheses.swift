internal import ResNetArchitecture
internal import ResNetEngine

/// The reference computed a different function of the same weights.
enum FunctionHypotheses {
  static let all: [Hypothesis] = [
    epsilon,
    Hypothesis(id: "pool-padding", side: .computation) { site in
      guard let pool = site.tree.maxPool, site.concerns(pool.name), pool.kind == .maximum, pool.padding == 1
      else { return [] }
      var change = WhatIf()
      change.deviation.poolPadding = .same
      return [
        .init(
          text: "max pooling without padding at the start, as in Caffe and TensorFlow",
          place: pool.name,
          change: change)
      ]
    },
    Hypothesis(id: "same-padding", side: .computation) { site in
      var everything = WhatIf()
      everything.deviation.padding = .same
      return onStages(
        site, "SAME padding as in TensorFlow instead of the same number of zeros on both sides", everything)
    },
    Hypothesis(id: "same-padding", side: .computation) { site in
      guard site.tree.maxPool?.kind == .maximum else { return [] }
      var convolutions = WhatIf()
      (convolutions.deviation.padding, convolutions.deviation.poolPadding) = (.same, .explicit)
      return onStages(
        site, "SAME padding as in TensorFlow in the convolutions, but not in the max pooling", convolutions)
    },
    Hypothesis(id: "bn-training", side: .computation) { site in
      guard !site.isFolded else { return [] }
      var change = WhatIf()
      change.deviation.usesBatchStatistics = true
      return onStages(site, "BatchNorm with the statistics of the batch, as in training mode", change)
    },
    Hypothesis(id: "pool-ceil-mode", side: .computation) { site in
      guard let pool = site.tree.maxPool, site.concerns(pool.name), pool.kind == .maximum else { return [] }
      var change = WhatIf()
      change.deviation.poolRoundsOtherwise = true
      let mode = pool.ceilMode ? "False" : "True"
      return [.init(text: "max pooling with ceil_mode=\(mode)", place: pool.name, change: change)]
    },
    Hypothesis(id: "stride-moved", side: .computation) { site in
      let blocks = site.blocks.filter { $0.body.count == 3 && $0.body[0].stride != $0.body[1].stride }
      guard let block = blocks.first else { return [] }
      let isOurs1x1 = block.body[0].stride > 1
      var change = WhatIf()
      change.deviation.movesStride = true
      return onStages(
        site,
        isOurs1x1
          ? "the stride on the 3×3 convolutions (v1.5) instead of the first 1×1"
          : "the stride on the first 1×1 convolutions (v1) instead of the 3×3", change)
    },
    sum("relu-before-add", "ReLU before the residual sum instead of after it", .reluBefore),
    sum("relu-missing", "no ReLU after the residual sum", .noReLU),
    sum("shortcut-missing", "no residual sum: the shortcut is missing", .noShortcut),
    pooling("max", "the maximum of each plane instead of its mean before the classifier", .maximum),
    pooling("sum", "the sum of each plane instead of its mean before the classifier", .sum),
    pooling("missing", "no average pooling: only the first pixel of each plane is used", .firstPixel),
    Hypothesis(id: "softmax", side: .computation) { site in
      guard let head = site.tree.head, site.concerns(head.name) else { return [] }
      let classes = head.outputFeatures
      let change = WhatIf(output: { Softmax.rows($0, of: classes) })
      return [.init(text: "softmax of the logits instead of the logits", place: head.name, change: change)]
    },
  ]

  private static let epsilon = Hypothesis(id: "bn-eps", side: .computation) { site in
    guard !site.isFolded else { return [] }
    let ours = site.tree.architecture.epsilon
    var candidates: [Hypothesis.Candidate] = []
    var values = [site.goldenEpsilon, 1e-5, 1e-3, 1e-6, 0, 1e-4, 1e-8, 2e-5, 1.001e-5]
    values = values.enumerated().filter { values.firstIndex(of: $1) == $0 && $1 != ours }.map(\.element)
    for value in values {
      let text = "BatchNorm eps \(value) instead of \(ours)"
      let everything = WhatIf(
        weights: withEpsilon(value, site.tree.convolutions), isFunction: true)
      guard let stage = site.stage else {
        candidates.append(.init(text: text, place: nil, change: everything))
        continue
      }
      let here = withEpsilon(value, site.units)
      guard !here.isEmpty else { continue }
      candidates.append(
        .init(
          text: "\(text), in \(stage) alone", place: stage, change: WhatIf(weights: here, isFunction: true),
          everywhere: .init(text: text, change: everything)))
    }
    return candidates
  }

  /// Another epsilon is the same as other variances, which the fast engine can have.
  private static func withEpsilon(_ value: Double, _ units: [ConvolutionUnit]) -> [String: WeightChange] {
    units.reduce(into: [:]) { changes, unit in
      let difference = value - unit.epsilon
      changes["\(unit.normName).running_var"] = WeightChange { variances in
        ContiguousArray(variances.map { Float(Double($0) + difference) })
      }
    }
  }

  private static func sum(_ id: String, _ text: String, _ sum: Deviation.Sum) -> Hypothesis {
    Hypothesis(id: id, side: .computation) { site in
      guard !site.blocks.isEmpty else { return [] }
      var change = WhatIf()
      change.deviation.sum = sum
      return onStages(site, text, change)
    }
  }

  private static func pooling(_ id: String, _ text: String, _ pooling: Deviation.Pooling) -> Hypothesis {
    Hypothesis(id: "avgpool-\(id)", side: .computation) { site in
      guard site.tree.head != nil, site.concerns("avgpool") else { return [] }
      var change = WhatIf()
      change.deviation.pooling = pooling
      return [.init(text: text, place: "avgpool", change: change)]
    }
  }

  /// A deviation in the stage at fault alone, and in all stages.
  private static func onStages(
    _ site: Hypothesis.Site, _ text: String, _ change: WhatIf
  ) -> [Hypothesis.Candidate] {
    guard let stage = site.stage else { return [.init(text: text, place: nil, change: change)] }
    var local = change
    local.deviation.stages = [stage]
    return [
      .init(
        text: "\(text), in \(stage) alone", place: stage, change: local,
        everywhere: .init(text: text, change: change))
    ]
  }
}
