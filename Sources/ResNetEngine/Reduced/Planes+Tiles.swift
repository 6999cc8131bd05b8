internal import ResNetArchitecture
internal import SWTThreads

/// Which products of a convolution AMX's tiles add up in one step, and in which of two chains.
struct TileOrder {
  /// For each step, the even and the odd chain of (channel of a group, row, column of the kernel).
  var steps: [[[(channel: Int, ky: Int, kx: Int)]]] = []
}

extension LayerTree {
  /// The order of sums of a convolution of bfloat16: 32 lanes of the input's layout at one tap after the
  /// other. The stem reads a row of the kernel in a step, eight places for each plane of the image.
  ///
  /// Groups may begin anywhere in blocks of 32 lanes, but each is multiplied with zeros for its neighbors,
  /// which changes no sum: here a step has the channels of one group alone, each in the chain that its lane
  /// decides.
  func tileOrder(of unit: ConvolutionUnit) -> [TileOrder] {
    if unit.name == stem.units[0].name { return [imageOrder(of: unit)] }
    let layout = ChannelLayout.grouped(unit.inputChannels, groups: inputGroups(of: unit))
    let depth = unit.inputChannels / unit.groups
    return (0..<unit.groups).map { group in
      var order = TileOrder()
      let lanes = (group * depth..<(group + 1) * depth).map { layout.lane($0) }
      for block in (lanes[0] / 32)...(lanes[depth - 1] / 32) {
        for tap in 0..<unit.kernel * unit.kernel {
          var chains: [[(channel: Int, ky: Int, kx: Int)]] = [[], []]
          for (channel, lane) in lanes.enumerated() where lane / 32 == block {
            chains[lane % 2].append((channel, tap / unit.kernel, tap % unit.kernel))
          }
          order.steps.append(chains)
        }
      }
      return order
    }
  }

  private func imageOrder(of unit: ConvolutionUnit) -> TileOrder {
    var order = TileOrder()
    for ky in 0..<unit.kernel {
      var chains: [[(channel: Int, ky: Int, kx: Int)]] = [[], []]
      for plane in 0..<unit.inputChannels {
        for kx in 0..<unit.kernel { chains[kx % 2].append((plane, ky, kx)) }
      }
      order.steps.append(chains)
    }
    return order
  }

  /// Groups that the layout of a convolution's input knows: those of the convolution before or of this one.
  private func inputGroups(of unit: ConvolutionUnit) -> Int {
    for block in blocks {
      guard let index = block.body.firstIndex(where: { $0.name == unit.name }), index > 0 else { continue }
      return max(unit.groups, block.body[index - 1].groups)
    }
    return unit.groups
  }
}

extension Planes {
  /// The plain convolution sum of bfloat16 numbers as AMX's tiles compute it: in each step two chains of
  /// fused multiply-adds from zero, whose sum is added to the output's; each operation rounded to float32,
  /// subnormal numbers taken for zeros. `orders` has one entry for each group.
  ///
  /// A double holds the product of two bfloat16 exactly, and adding a float to it and rounding twice is
  /// rounding once, except for ties below the 53rd digit.
  func convolvedByTiles(
    _ unit: ConvolutionUnit, _ weights: [Double], _ orders: [TileOrder], _ threads: ThreadPool
  ) -> Planes {
    let (rows, columns) = (unit.outputSize(height), unit.outputSize(width))
    let sums = TileSums(unit, self, weights, orders, rows: rows, columns: columns)
    let area = rows * columns
    var result = [Double](repeating: 0, count: unit.outputChannels * area)
    unsafe result.withUnsafeMutableBufferPointer { output in
      nonisolated(unsafe) let output = unsafe output
      threads.forEach(unit.outputChannels) { filter in
        unsafe sums.compute(
          filter, into: UnsafeMutableBufferPointer(rebasing: output[filter * area..<(filter + 1) * area]))
      }
    }
    return Planes(channels: unit.outputChannels, height: rows, width: columns, values: result)
  }
}

/// A convolution in the order of tiles, on its way through the filters.
private struct TileSums: Sendable {
  let unit: ConvolutionUnit
  let rows, columns: Int
  let orders: [TileOrder]
  let weights: [Float]
  /// The input in a border of zeros, so that all taps of an output row are one run.
  let input: [Float]
  let tall, wide: Int

  init(
    _ unit: ConvolutionUnit, _ x: Planes, _ weights: [Double], _ orders: [TileOrder], rows: Int, columns: Int
  ) {
    self.unit = unit
    self.rows = rows
    self.columns = columns
    self.orders = orders
    self.weights = weights.map { Self.normal(Float($0)) }
    let margin = unit.padding
    tall = x.height + 2 * margin
    wide = x.width + 2 * margin
    var input = [Float](repeating: 0, count: x.channels * tall * wide)
    for channel in 0..<x.channels {
      for row in 0..<x.height {
        let (from, to) = (
          (channel * x.height + row) * x.width, (channel * tall + row + margin) * wide + margin
        )
        for column in 0..<x.width { input[to + column] = Self.normal(Float(x.values[from + column])) }
      }
    }
    self.input = input
  }

  /// Subnormal numbers are zeros.
  private static func normal(_ value: Float) -> Float {
    value.magnitude < .leastNormalMagnitude ? 0 : value
  }

  /// One output channel.
  func compute(_ filter: Int, into output: UnsafeMutableBufferPointer<Double>) {
    let steps = orders[filter / (unit.outputChannels / orders.count)].steps
    var sum = [Float](repeating: 0, count: columns)
    var chains = [sum, sum]
    for row in 0..<rows {
      for x in sum.indices { sum[x] = 0 }
      for step in steps {
        for number in 0..<2 {
          for x in 0..<columns { chains[number][x] = 0 }
          for tap in step[number] { add(tap, of: filter, row: row, to: &chains[number]) }
        }
        for x in sum.indices { sum[x] = Self.normal(sum[x] + Self.normal(chains[0][x] + chains[1][x])) }
      }
      for x in 0..<columns { unsafe output[row * columns + x] = Double(sum[x]) }
    }
  }

  /// A weight times its inputs of a row of outputs.
  private func add(
    _ tap: (channel: Int, ky: Int, kx: Int), of filter: Int, row: Int, to chain: inout [Float]
  ) {
    let depth = unit.inputChannels / unit.groups
    let group = filter / (unit.outputChannels / unit.groups)
    let weight = Double(
      weights[((filter * depth + tap.channel) * unit.kernel + tap.ky) * unit.kernel + tap.kx])
    let line =
      ((group * depth + tap.channel) * tall + row * unit.stride + tap.ky * unit.dilation) * wide
      + tap.kx * unit.dilation
    // Unsafe buffers only because bounds checks would make it several times slower.
    unsafe input.withUnsafeBufferPointer { input in
      unsafe chain.withUnsafeMutableBufferPointer { chain in
        for x in 0..<columns {
          let product = unsafe weight * Double(input[line + x * unit.stride])
          unsafe chain[x] = Self.normal(Float(Double(chain[x]) + product))
        }
      }
    }
  }
}
