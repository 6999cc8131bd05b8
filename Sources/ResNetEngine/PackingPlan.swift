internal import ResNetArchitecture

/// How all layers of a network lie in the storage of its packed weights.
struct PackingPlan {
  let convolutions: [PackedConvolution]
  let reduced: [ReducedConvolution]
  let products: [ProductConvolution]
  /// The classifier and the layers of gates.
  let dense: [PackedDense]
  /// Floats of all layers together.
  let floatCount: Int

  /// Plans for pictures of `height` by `width`, or the least that fit the kernels.
  init(_ forms: LayerForms, height: Int, width: Int) {
    let tree = forms.tree
    var (convolutions, reduced, products):
      (
        [PackedConvolution], [ReducedConvolution], [ProductConvolution]
      ) = ([], [], [])
    var end = 0
    /// Plans a convolution of a picture of that size, and returns the size of its output.
    func plan(
      _ unit: ConvolutionUnit, _ input: ChannelLayout, _ output: ChannelLayout, _ size: (Int, Int),
      isPlanar: Bool = false
    ) -> (Int, Int) {
      let result = (unit.outputSize(size.0), unit.outputSize(size.1))
      // All parts begin at a cache line.
      end = (end + 15) / 16 * 16
      switch forms.form(of: unit, pixels: result.0 * result.1) {
      case .floats(let winograd, let rounded):
        convolutions.append(
          PackedConvolution(
            unit, input: input, output: output, isPlanar: isPlanar, winograd: winograd, rounded: rounded,
            at: end))
        end = convolutions[convolutions.count - 1].end
      case .dots(let number):
        reduced.append(ReducedConvolution(unit, number, input: input, output: output, at: end))
        end = reduced[reduced.count - 1].end
      case .products(let split):
        products.append(
          ProductConvolution(unit, split, input: input, output: output, isPlanar: isPlanar, at: end))
        end = products[products.count - 1].end
      }
      return result
    }
    var size = (tree.acceptedSize(from: height), tree.acceptedSize(from: width))
    func filter(_ pool: PoolUnit?) {
      if let pool { size = (pool.outputSize(size.0), pool.outputSize(size.1)) }
    }
    for (index, unit) in tree.stem.units.enumerated() {
      size = plan(unit, .plain(unit.inputChannels), .plain(unit.outputChannels), size, isPlanar: index == 0)
    }
    filter(tree.maxPool)
    filter(tree.poolBlur)
    for block in tree.blocks {
      var layout = ChannelLayout.plain(block.inputChannels)
      if case .projection(let unit, let pool) = block.shortcut {
        let pooled = pool.map { ($0.outputSize(size.0), $0.outputSize(size.1)) } ?? size
        _ = plan(unit, layout, .plain(unit.outputChannels), pooled)
      }
      for (index, unit) in block.body.enumerated() {
        // A grouped convolution decides how its input and its output lie.
        let next = index + 1 < block.body.count ? block.body[index + 1].groups : 1
        let groups = max(unit.groups, next)
        let output = ChannelLayout.grouped(unit.outputChannels, groups: groups)
        size = plan(unit, layout, output, size)
        if index == block.antialiasedIndex { filter(block.antialiasing) }
        layout = output
      }
    }
    (self.convolutions, self.reduced, self.products) = (convolutions, reduced, products)
    dense = tree.packedDense(at: end)
    floatCount = dense.last?.end ?? end
  }
}
