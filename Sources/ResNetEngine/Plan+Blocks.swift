internal import CKernels
internal import ResNetArchitecture

extension Plan {
  /// The convolutions of the stem; what comes out has that halo.
  mutating func stem(_ stem: StemLayers, _ image: Activation, halo: Int) -> Activation {
    var map = image
    for (unit, next) in zip(stem.units, stem.units.dropFirst()) {
      map = convolution(unit, map, halo: next.padding, tap: unit.name, line: line(from: unit, to: next))
    }
    let last = stem.units[stem.units.count - 1]
    return convolution(
      last, map, halo: halo, tap: stem.units.count > 1 ? last.name : nil, line: line(ofStage: stem.name))
  }

  /// The lines of what one convolution writes and another alone reads.
  private func line(from unit: ConvolutionUnit, to next: ConvolutionUnit) -> Activation.Line {
    let isRead = network.products[next.name]?.split == .P2S_SPLIT_BF16
    return isRead && network.products[unit.name] != nil ? .bfloat16 : .float32
  }

  private func line(ofStage name: String) -> Activation.Line {
    bfloatStages.contains(name) ? .bfloat16 : .float32
  }

  /// `relu(attention(body(x)) + shortcut(x))`: the shortcut's buffer takes the sum, in place.
  mutating func block(_ block: ResidualBlock, _ input: Activation, halo: Int) -> Activation {
    var inner = input
    for (index, (unit, next)) in zip(block.body, block.body.dropFirst()).enumerated() {
      if index == block.antialiasedIndex, let filter = block.antialiasing {
        inner = pool(filter, convolution(unit, inner, halo: 0, tap: unit.name), halo: next.padding)
      } else {
        inner = convolution(unit, inner, halo: next.padding, tap: unit.name, line: line(from: unit, to: next))
      }
    }
    let line = line(ofStage: block.name)
    let sum = shortcut(block.shortcut, input, halo: halo, line: line)
    let last = block.body[block.body.count - 1]
    guard let attention = block.attention else {
      return convolution(last, inner, halo: halo, tap: nil, addingTo: sum, line: line)
    }
    let body = convolution(last, inner, halo: 0, tap: last.name)
    let gates = self.gates(attention, body)
    return add(.gate(gates), body, sum, using: [gates.buffer])
  }

  /// What is added to the body, in a buffer that the sum may take.
  private mutating func shortcut(
    _ shortcut: ResidualBlock.Shortcut, _ input: Activation, halo: Int, line: Activation.Line
  ) -> Activation {
    switch shortcut {
    case .identity: return input
    case .padded(let padding):
      let output = activation(
        .plain(padding.before + input.layout.channels + padding.after), padding.outputSize(input.height),
        padding.outputSize(input.width), halo: halo)
      return bordered(add(.padding(padding), input, output), isBare: true)
    case .projection(let unit, let pool):
      let map = pool.map { self.pool($0, input, halo: 0) } ?? input
      let isProduct = network.products[unit.name] != nil
      return convolution(unit, map, halo: halo, tap: unit.name, line: isProduct ? line : .float32)
    }
  }

  /// A pooled feature map with that halo.
  mutating func pool(_ pool: PoolUnit, _ input: Activation, halo: Int) -> Activation {
    let output = activation(
      input.layout, pool.outputSize(input.height), pool.outputSize(input.width), halo: halo)
    if pool.isUsualMaximum, input.halo == 0 { return bordered(add(.maxPool, input, output)) }
    let kernel: Step.Kernel = pool.isUsualAverage ? .averagePool(pool.name) : .window(pool)
    return bordered(add(kernel, input, output), isBare: true)
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

  /// Adds a step for the halo of a map, where it is wider than kernels write it, or where its kernel wrote
  /// none.
  mutating func bordered(_ output: Activation, isBare: Bool = false) -> Activation {
    output.halo > (isBare ? 0 : output.writtenHalo) ? add(.border, output, output) : output
  }
}

extension PoolUnit {
  /// Whether it is torchvision's max pooling: 3×3, stride 2, padding 1.
  fileprivate var isUsualMaximum: Bool {
    kind == .maximum && (kernel, stride, padding, ceilMode) == (3, 2, 1, false)
  }

  /// Whether it is that of ResNet-D's shortcuts: 2×2, stride 2, with a last window that may be half outside.
  fileprivate var isUsualAverage: Bool {
    kind == .average && (kernel, stride, padding, ceilMode) == (2, 2, 0, true)
  }
}
