internal import CKernels
package import ResNetArchitecture

/// How a convolution is computed.
enum LayerForm: Hashable, Sendable {
  /// Float32 multiply-adds: directly, or by Winograd's algorithm. `rounded`: of bfloat16 numbers.
  case floats(winograd: Bool, rounded: Bool)
  /// Dot products of bfloat16 or integers.
  case dots(p2s_number)
  /// Products of tiles.
  case products(p2s_split)
}

/// Which form computes each convolution of a network: the one place that decides it.
///
/// A function of the layer and of the size of its picture. Never of the batch, of threads or of a clock:
/// forms differ in their roundings, and an image's result must not depend on what runs beside it.
struct LayerForms {
  let tree: LayerTree
  let instructions: InstructionSet
  let precision: ComputePrecision
  /// Names of the convolutions that multiply numbers of that precision; the others multiply float32.
  let reduced: Set<String>
  /// Names of those that Winograd's form is allowed for.
  let winograd: Set<String>

  /// The form of a convolution whose output has `pixels` pixels.
  func form(of unit: ConvolutionUnit, pixels: Int) -> LayerForm {
    let winograd = winograd.contains(unit.name)
    guard reduced.contains(unit.name) else {
      guard instructions.multipliesTiles, let split = float32Split(unit, pixels: pixels, winograd: winograd)
      else { return .floats(winograd: winograd, rounded: false) }
      return .products(split)
    }
    switch (precision, instructions.arithmetic(of: precision)) {
    case (.bf16, .tiles) where tree.fitsProducts(unit): return .products(.P2S_SPLIT_BF16)
    case (.i8, .tiles) where tree.fitsProducts(unit): return .products(.P2S_SPLIT_I8)
    case (.bf16, .dotProducts): return .dots(.P2S_BF16)
    case (.i8, _): return .dots(.P2S_I8)
    default: return .floats(winograd: false, rounded: precision == .bf16)
    }
  }

  /// What float32 is split into where products of tiles are faster than multiply-adds of vectors.
  ///
  /// By time on a Xeon with AMX, one thread, weights in no cache, in parts of what AVX-512's multiply-adds
  /// take:
  ///
  /// | 1×1, input channels | 64, 128 | 256, 56×56 | 256, 28×28 | 512 | 1024 | 2048 |
  /// |---|--:|--:|--:|--:|--:|--:|
  /// | X6 | 0.61–0.73 | 0.55–0.59 | 0.57–0.58 | 0.55–0.57 | 0.63–0.86 | 0.89 |
  /// | X8 | 0.72–1.00 | 0.58–0.71 | 0.53–0.54 | 0.44–0.54 | 0.41–0.59 | 0.54 |
  ///
  /// For the others the count of instructions decides. A 3×3 takes six products for each tap: 0.43 of the
  /// multiply-adds' time, but Winograd's form takes 0.37. Groups of 16 channels and fewer fill half of a
  /// tile's depth or less. The 7×7 of an image has rows of 28 numbers in steps of 32: 0.66; a 3×3 of one
  /// fills a quarter.
  private func float32Split(_ unit: ConvolutionUnit, pixels: Int, winograd: Bool) -> p2s_split? {
    guard tree.fitsProducts(unit) else { return nil }
    if tree.readsImage(unit) { return unit.kernel == 7 ? .P2S_SPLIT_X6 : nil }
    let depth = unit.inputChannels / unit.groups
    // Half-empty tiles gain nothing.
    if depth < 16 || pixels < 8 { return nil }
    if unit.kernel == 1 {
      return depth >= 512 || (depth >= 256 && pixels <= 32 * 32) ? .P2S_SPLIT_X8 : .P2S_SPLIT_X6
    }
    if unit.groups > 1 { return depth >= 32 ? .P2S_SPLIT_X6 : nil }
    return winograd ? nil : .P2S_SPLIT_X6
  }
}

extension LayerTree {
  /// Whether a convolution is the first, whose input is an image in planes.
  func readsImage(_ unit: ConvolutionUnit) -> Bool { unit.name == stem.units[0].name }

  /// Whether products of tiles have a form for a convolution: of an image at most 4 planes and rows of at
  /// most 8 taps, otherwise a 1×1, or a 3×3 of stride 1 or 2.
  func fitsProducts(_ unit: ConvolutionUnit) -> Bool {
    readsImage(unit)
      ? unit.inputChannels <= 4 && unit.kernel <= 8 && unit.groups == 1 && unit.dilation == 1
      : unit.kernel == 1 || (unit.kernel == 3 && unit.stride <= 2)
  }
}

extension ComputePrecision {
  /// Names of the convolutions that multiply reduced numbers.
  ///
  /// Never a dilated one with several groups in a block of 16: the reduced kernels have no such form. Never
  /// the stem, whose input is an image, with negative values, and 3 % of the work: except with bfloat16 in
  /// tiles, where it would be 14 % of the time. Dot products of bfloat16 pairs are twice as fast as float32,
  /// and Winograd's form has four times fewer products, so ``bf16`` leaves that to float32 where there are no
  /// tiles. With ``i8`` and a source that has integers for some layers, the others were kept wide on
  /// purpose and stay so.
  package func reducedLayers(
    _ tree: LayerTree, of source: some WeightSource, on instructions: InstructionSet
  ) throws -> Set<String> {
    let units = tree.blocks.flatMap(\.convolutions)
    let names = Set(units.filter { !$0.isDiagonal }.map(\.name))
    switch self {
    case .f32: return []
    case .bf16:
      if !instructions.multipliesTiles { return names.subtracting(tree.winogradLayers) }
      return names.union(tree.stem.units.filter { tree.fitsProducts($0) }.map(\.name))
    case .i8:
      var stored: Set<String> = []
      for name in names where try source.integers("\(name).weight") != nil { stored.insert(name) }
      return stored.isEmpty ? names : stored
    }
  }
}
