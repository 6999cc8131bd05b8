public import ResNetArchitecture
public import SWTThreads

/// A network's weights, folded with BatchNorm and laid out for the kernels, once for all image sizes.
///
/// Immutable after its construction: engines on several threads may share it.
public final class PackedNetwork: Sendable {
  /// The network whose weights these are.
  public let tree: LayerTree
  /// By ``ConvolutionUnit/name``.
  let convolutions: [String: PackedConvolution]
  /// Those by dot products of reduced numbers, and not among the others.
  let reduced: [String: ReducedConvolution]
  /// Those by products of tiles, and not among the others.
  let products: [String: ProductConvolution]
  /// What its convolutions multiply.
  public let precision: ComputePrecision
  /// The instruction set that its weights are laid out for.
  public let instructions: InstructionSet
  /// The classifier and the layers of gates, by name.
  let dense: [String: PackedDense]
  let storage: FloatStorage

  /// Bytes of packed weights.
  public var byteCount: Int { storage.count * MemoryLayout<Float>.stride }

  /// Folds and packs all weights on all threads.
  ///
  /// BatchNorm is folded in double precision and rounded once. With another `precision` than `f32` weights
  /// are rounded to it, once, unless they are stored so.
  ///
  /// Which form computes a layer depends on it and on the size of its picture, which is that in a picture of
  /// `height` by `width`, or the least that fit the kernels. With `winograd`, 3×3 convolutions without small groups take Winograd's form where
  /// it pays: half the time, four times the memory for their weights, and other roundings.
  ///
  /// - Throws: ``InferenceError/missingTensor(_:)``, ``InferenceError/wrongCount(_:expected:actual:)``, or
  ///   what `source` throws.
  public init(
    _ tree: LayerTree, weights source: some WeightSource, threads: ThreadPool,
    instructions: InstructionSet = .best, winograd: Bool = true, precision: ComputePrecision = .f32,
    height: Int = 224, width: Int = 224
  ) throws {
    self.tree = tree
    self.precision = precision
    self.instructions = instructions
    let forms = LayerForms(
      tree: tree, instructions: instructions, precision: precision,
      reduced: try precision.reducedLayers(tree, of: source, on: instructions),
      winograd: winograd ? tree.winogradLayers : [])
    var (planned, dots, products): ([PackedConvolution], [ReducedConvolution], [ProductConvolution]) = (
      [], [], []
    )
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
        planned.append(
          PackedConvolution(
            unit, input: input, output: output, isPlanar: isPlanar, winograd: winograd, rounded: rounded,
            at: end))
        end = planned[planned.count - 1].end
      case .dots(let number):
        dots.append(ReducedConvolution(unit, number, input: input, output: output, at: end))
        end = dots[dots.count - 1].end
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
    convolutions = Dictionary(uniqueKeysWithValues: planned.map { ($0.unit.name, $0) })
    reduced = Dictionary(uniqueKeysWithValues: dots.map { ($0.unit.name, $0) })
    self.products = Dictionary(uniqueKeysWithValues: products.map { ($0.unit.name, $0) })
    let layers = tree.packedDense(at: end)
    dense = Dictionary(uniqueKeysWithValues: layers.map { ($0.name, $0) })
    storage = FloatStorage(count: layers.last?.end ?? end)

    for product in products { try pack(product, from: source, threads) }
    for reduced in dots { try pack(reduced, from: source, threads) }
    for packed in planned { try pack(packed, from: source, threads) }
    for layer in layers { try pack(layer, from: source, threads) }
  }
}
