package import ResNetArchitecture

/// What the convolutions of an engine multiply; sums, residuals, pooling and the classifier are float32
/// always.
public enum ComputePrecision: String, CaseIterable, Sendable {
  /// Float32 throughout.
  case f32
  /// Weights and inputs of convolutions are bfloat16, sums float32; a few layers are faster in float32.
  case bf16
  /// Weights are 8-bit integers with one scale for each output channel; inputs are 0…255 with one scale for
  /// each image, its largest value over 255; sums are exact.
  case i8
}

extension ComputePrecision {
  /// Names of the convolutions that multiply reduced numbers.
  ///
  /// Never a dilated one with several groups in a block of 16: the reduced kernels have no such form. Never the stem: its input is an image, with negative values, and it is 3 % of the work. Pairs of bfloat16
  /// are twice as fast as float32, and Winograd's form four times fewer products, so ``bf16`` leaves that to
  /// float32. With ``i8`` and a source that holds integers for some layers, the others were kept wide on
  /// purpose and stay so.
  package func reducedLayers(_ tree: LayerTree, of source: some WeightSource) throws -> Set<String> {
    let units = tree.blocks.flatMap(\.convolutions)
    let names = Set(units.filter { !$0.isDiagonal }.map(\.name))
    switch self {
    case .f32: return []
    case .bf16: return names.subtracting(tree.winogradLayers)
    case .i8:
      var stored: Set<String> = []
      for name in names where try source.integers("\(name).weight") != nil { stored.insert(name) }
      return stored.isEmpty ? names : stored
    }
  }
}

/// A convolution's weights as symmetric 8-bit integers: `weight = scales[filter] · values[…]`.
public struct QuantizedFilters: Hashable, Sendable {
  /// `[out, in / groups, kernel, kernel]`, row-major.
  public var values: ContiguousArray<Int8>
  /// One for each output channel.
  public var scales: [Double]

  /// Integers `[filters, inputs per group, height, width]` and one scale for each filter.
  public init(values: ContiguousArray<Int8>, scales: [Double]) {
    self.values = values
    self.scales = scales
  }
}
