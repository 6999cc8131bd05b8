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
  /// Those that compute with reduced numbers, and are not among the others.
  let reduced: [String: ReducedConvolution]
  /// What its convolutions multiply.
  public let precision: ComputePrecision
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
  /// With `winograd`, 3×3 convolutions without small groups take Winograd's form where it pays: half the
  /// time, four times the memory for their weights, and other roundings.
  /// - Throws: ``InferenceError/missingTensor(_:)``, ``InferenceError/wrongCount(_:expected:actual:)``, or
  ///   what `source` throws.
  public init(
    _ tree: LayerTree, weights source: some WeightSource, threads: ThreadPool,
    instructions: InstructionSet = .best, winograd: Bool = true, precision: ComputePrecision = .f32
  ) throws {
    self.tree = tree
    self.precision = precision
    let reducedNames = try precision.reducedLayers(tree, of: source)
    let winogradNames = winograd ? tree.winogradLayers : []
    var plannedReduced: [ReducedConvolution] = []
    var planned: [PackedConvolution] = []
    var end = 0
    func plan(
      _ unit: ConvolutionUnit, _ input: ChannelLayout, _ output: ChannelLayout, isPlanar: Bool = false
    ) {
      if let number = precision.number, reducedNames.contains(unit.name) {
        let reduced = ReducedConvolution(unit, number, input: input, output: output, at: end)
        plannedReduced.append(reduced)
        end = reduced.end
        return
      }
      let packed = PackedConvolution(
        unit, input: input, output: output, isPlanar: isPlanar,
        winograd: winogradNames.contains(unit.name), at: end)
      planned.append(packed)
      end = packed.end
    }
    for (index, unit) in tree.stem.units.enumerated() {
      plan(unit, .plain(unit.inputChannels), .plain(unit.outputChannels), isPlanar: index == 0)
    }
    for block in tree.blocks {
      var layout = ChannelLayout.plain(block.inputChannels)
      if let unit = block.downsample { plan(unit, layout, .plain(unit.outputChannels)) }
      for (index, unit) in block.body.enumerated() {
        // A grouped convolution decides how its input and its output lie.
        let next = index + 1 < block.body.count ? block.body[index + 1].groups : 1
        let groups = max(unit.groups, next)
        let output = ChannelLayout.grouped(unit.outputChannels, groups: groups)
        plan(unit, layout, output)
        layout = output
      }
    }
    convolutions = Dictionary(uniqueKeysWithValues: planned.map { ($0.unit.name, $0) })
    reduced = Dictionary(uniqueKeysWithValues: plannedReduced.map { ($0.unit.name, $0) })
    let layers = tree.packedDense(at: end)
    dense = Dictionary(uniqueKeysWithValues: layers.map { ($0.name, $0) })
    storage = FloatStorage(count: layers.last?.end ?? end)

    for reduced in plannedReduced { try pack(reduced, from: source, threads) }
    for packed in planned { try pack(packed, from: source, instructions, threads) }
    for layer in layers { try pack(layer, from: source, threads) }
  }
}
