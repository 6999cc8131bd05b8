/// What the convolutions of an engine multiply; sums, residuals, pooling and the classifier are float32
/// always.
public enum ComputePrecision: String, CaseIterable, Sendable {
  /// Float32 throughout.
  case f32
  /// Weights and inputs of convolutions are bfloat16, sums float32; a few layers are faster in float32, and
  /// with AMX outputs of blocks are bfloat16 too.
  case bf16
  /// Weights are 8-bit integers with one scale for each output channel; inputs are 0…255 with one scale for
  /// each image, its largest value over 255; sums are exact.
  case i8
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
