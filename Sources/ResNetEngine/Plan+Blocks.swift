internal import ResNetArchitecture

extension Plan {
  /// The convolutions of the stem; what comes out has that halo.
  mutating func stem(_ stem: StemLayers, _ image: Activation, halo: Int) -> Activation {
    var map = image
    for (index, unit) in stem.units.enumerated() {
      let next = index + 1 < stem.units.count ? stem.units[index + 1].padding : halo
      map = convolution(unit, map, halo: next, tap: stem.units.count > 1 ? unit.name : nil)
    }
    return map
  }

  /// `relu(attention(body(x)) + shortcut(x))`: the shortcut's buffer takes the sum, in place.
  mutating func block(_ block: ResidualBlock, _ input: Activation, halo: Int) -> Activation {
    var inner = input
    for (unit, next) in zip(block.body, block.body.dropFirst()) {
      inner = convolution(unit, inner, halo: next.padding, tap: unit.name)
    }
    let sum = shortcut(block.shortcut, input, halo: halo)
    let last = block.body[block.body.count - 1]
    guard let attention = block.attention else {
      return convolution(last, inner, halo: halo, tap: nil, addingTo: sum)
    }
    let body = convolution(last, inner, halo: 0, tap: last.name)
    let gates = self.gates(attention, body)
    return add(.gate(gates), body, sum, reading: gates.buffer)
  }

  /// What is added to the body, in a buffer that the sum may take.
  private mutating func shortcut(
    _ shortcut: ResidualBlock.Shortcut, _ input: Activation, halo: Int
  ) -> Activation {
    switch shortcut {
    case .identity: return input
    case .padded(let padding):
      let output = activation(
        .plain(padding.before + input.layout.channels + padding.after), padding.outputSize(input.height),
        padding.outputSize(input.width), halo: halo)
      return bordered(add(.padding(padding), input, output), isBare: true)
    case .projection(let unit, let pool):
      var map = input
      if let pool {
        let output = activation(
          input.layout, pool.outputSize(input.height), pool.outputSize(input.width), halo: 0)
        map = add(.averagePool(pool.name), input, output)
      }
      return convolution(unit, map, halo: halo, tap: unit.name)
    }
  }

  /// A number for each channel of `body`.
  private mutating func gates(_ attention: AttentionUnit, _ body: Activation) -> Activation {
    func vector(_ count: Int, _ plan: inout Plan) -> Activation {
      plan.activation(.plain(count), 1, 1, halo: 0)
    }
    var values = add(.mean(attention.name), body, vector(attention.channels, &self))
    for layer in attention.layers {
      guard let packed = network.dense[layer.name] else {
        preconditionFailure("the packed network and the plan walk the same tree")
      }
      switch attention.kind {
      case .squeezeExcitation:
        values = add(.dense(packed), values, vector(packed.rows, &self))
      case .eca:
        values = add(.neighbors(packed), values, vector(attention.channels, &self))
      }
    }
    return values
  }

  /// Adds a step for the halo of a map, where it is wider than kernels write it, or where its kernel wrote none.
  mutating func bordered(_ output: Activation, isBare: Bool = false) -> Activation {
    output.halo > (isBare ? 0 : output.writtenHalo) ? add(.border, output, output) : output
  }
}
