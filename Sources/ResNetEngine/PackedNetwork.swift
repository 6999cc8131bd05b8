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
  /// `height` by `width`, or the least that fit the kernels. With `winograd`, 3×3 convolutions without small
  /// groups take Winograd's form where it pays: half the time, four times the memory for their weights, and
  /// other roundings.
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
    let plan = PackingPlan(forms, height: height, width: width)
    convolutions = Dictionary(uniqueKeysWithValues: plan.convolutions.map { ($0.unit.name, $0) })
    reduced = Dictionary(uniqueKeysWithValues: plan.reduced.map { ($0.unit.name, $0) })
    products = Dictionary(uniqueKeysWithValues: plan.products.map { ($0.unit.name, $0) })
    dense = Dictionary(uniqueKeysWithValues: plan.dense.map { ($0.name, $0) })
    storage = FloatStorage(count: plan.floatCount)

    for product in plan.products { try pack(product, from: source, threads) }
    for reduced in plan.reduced { try pack(reduced, from: source, threads) }
    for packed in plan.convolutions { try pack(packed, from: source, threads) }
    for layer in plan.dense { try pack(layer, from: source, threads) }
  }

  /// A network of the same weights with other strides, paddings or dilations, without packing anew; nil if
  /// its layers lie otherwise in memory, or if their form depends on the size of the picture.
  package init?(_ tree: LayerTree, sharing other: PackedNetwork) {
    guard other.products.isEmpty, other.reduced.isEmpty else { return nil }
    let winograd = other.convolutions.values.contains { $0.isWinograd } ? tree.winogradLayers : []
    let forms = LayerForms(
      tree: tree, instructions: other.instructions, precision: other.precision, reduced: [],
      winograd: winograd)
    let plan = PackingPlan(forms, height: 224, width: 224)
    guard plan.products.isEmpty, plan.convolutions.count == other.convolutions.count,
      plan.floatCount == other.storage.count,
      plan.convolutions.allSatisfy({ other.convolutions[$0.unit.name]?.hasSamePanels(as: $0) == true })
    else { return nil }
    self.tree = tree
    (precision, instructions) = (other.precision, other.instructions)
    convolutions = Dictionary(uniqueKeysWithValues: plan.convolutions.map { ($0.unit.name, $0) })
    (reduced, products, dense, storage) = ([:], [:], other.dense, other.storage)
  }
}
