internal import ResNetArchitecture
internal import ResNetEngine

/// A convolution's weights in a different order.
enum ConvolutionHypotheses {
  static let all: [Hypothesis] = [
    kernel("kernel-rotated", "kernels rotated by 180° (convolution instead of correlation)") { k, y, x in
      (k - 1 - y) * k + k - 1 - x
    },
    kernel("kernel-transposed", "rows and columns of the kernels exchanged") { k, y, x in x * k + y },
    kernel("kernel-mirrored", "kernels mirrored left to right") { k, y, x in y * k + k - 1 - x },
    kernel("kernel-upside-down", "kernels upside down") { k, y, x in (k - 1 - y) * k + x },
    kernel("kernel-turned", "kernels rotated by 90°") { k, y, x in x * k + k - 1 - y },
    kernel("kernel-turned", "kernels rotated by 90° the other way") { k, y, x in (k - 1 - x) * k + y },
    stemChannels,
    groupOrder("group-order", "outputs in group-major order", isInverse: false),
    groupOrder("group-order", "outputs in channel-major order within groups", isInverse: true),
    Hypothesis.perLayer("conv-in-out-exchanged", "input and output channels exchanged") { unit in
      let shape = unit.weightShape
      guard shape[0] == shape[1], shape[0] > 1 else { return nil }
      return weight(unit) { o, i, y, x in ((i * shape[1] + o) * shape[2] + y) * shape[3] + x }
    },
    layout("layout-hwio", "weights in HWIO order read as OIHW") { s, o, i, y, x in
      ((y * s[3] + x) * s[1] + i) * s[0] + o
    },
    layout("layout-ohwi", "weights in OHWI order read as OIHW") { s, o, i, y, x in
      ((o * s[2] + y) * s[3] + x) * s[1] + i
    },
  ]

  private static func weight(
    _ unit: ConvolutionUnit, _ body: @escaping @Sendable (Int, Int, Int, Int) -> Int
  ) -> [String: WeightChange] {
    ["\(unit.name).weight": WeightChange(Permutations.elements(unit.weightShape, body))]
  }

  private static func kernel(
    _ id: String, _ text: String, _ body: @escaping @Sendable (_ k: Int, _ y: Int, _ x: Int) -> Int
  ) -> Hypothesis {
    Hypothesis.perLayer(id, text) { unit in
      let k = unit.kernel
      guard k > 1 else { return nil }
      let inputs = unit.weightShape[1]
      return weight(unit) { o, i, y, x in (o * inputs + i) * k * k + body(k, y, x) }
    }
  }

  private static let stemChannels = Hypothesis(id: "bgr-weights", side: .weights) { site in
    // The same function as BGR input; reported only if digests exclude that.
    guard site.concerns(site.tree.stem.name) else { return [] }
    let unit = site.tree.stem.units[0]
    let shape = unit.weightShape
    let change = weight(unit) { o, i, y, x in
      ((o * shape[1] + shape[1] - 1 - i) * shape[2] + y) * shape[3] + x
    }
    return [
      .init(
        text: "input channels of \(unit.name) in BGR order", place: unit.name, change: WhatIf(weights: change)
      )
    ]
  }

  private static func groupOrder(_ id: String, _ text: String, isInverse: Bool) -> Hypothesis {
    Hypothesis.perLayer(id, text) { unit in
      guard unit.groups > 1 else { return nil }
      let order = Permutations.interleaved(unit.outputChannels, groups: unit.groups)
      let inverse = Permutations.inverse(order)
      // If both are the same, once is enough.
      guard !(isInverse && order == inverse) else { return nil }
      return ["\(unit.name).weight": WeightChange(Permutations.rows(isInverse ? inverse : order))]
    }
  }

  /// `body` returns the flat index of element (o, i, y, x) of shape `s` in the other order.
  private static func layout(
    _ id: String, _ text: String,
    _ body: @escaping @Sendable (_ s: [Int], _ o: Int, _ i: Int, _ y: Int, _ x: Int) -> Int
  ) -> Hypothesis {
    Hypothesis.perLayer(id, text) { unit in
      let shape = unit.weightShape
      return weight(unit) { o, i, y, x in body(shape, o, i, y, x) }
    }
  }
}
