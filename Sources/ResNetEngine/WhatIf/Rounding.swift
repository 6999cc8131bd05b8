internal import SWTTensors

/// Where a computation keeps fewer bits than float32, as engines do by option or by default.
public struct Rounding: Hashable, Sendable {
  /// The narrower numbers.
  public enum Format: String, Hashable, Sendable, CaseIterable {
    /// bfloat16: 8 bits of significand.
    case bf16
    /// IEEE binary16: 11 bits of significand.
    case f16
    /// TF32: 11 bits of significand, the range of float32.
    case tf32
    /// Integers of 8 bits: weights with a scale per filter, activations with one per tensor.
    case i8
  }

  /// What is rounded.
  public enum Extent: String, Hashable, Sendable, CaseIterable {
    /// The weights of convolutions and of the classifier.
    case weights
    /// Both factors of every product; sums and everything else stay float32.
    case operands
    /// The operands, and every result before the next layer reads it.
    case stored
  }

  /// Which of the numbers around a value is taken.
  public enum Mode: String, Hashable, Sendable, CaseIterable {
    /// The nearest, ties to even.
    case nearest
    /// The next one toward zero: the bits that do not fit are dropped.
    case truncated
    /// The nearest, and zero for what is smaller than the least normal number.
    case flushed
  }

  /// The narrower numbers.
  public var format: Format
  /// Which of them is taken.
  public var mode = Mode.nearest
  /// What is rounded.
  public var extent: Extent
  /// Whether BatchNorm's parameters and biases are rounded, too.
  public var roundsParameters: Bool
  /// Whether BatchNorm is folded into the weights, in float32, before these are rounded.
  public var foldsFirst: Bool
  /// Names of the layers that round; nil for all.
  public var layers: Set<String>?

  /// A rounding.
  public init(
    _ format: Format, _ extent: Extent, parameters roundsParameters: Bool = false, foldsFirst: Bool = false,
    layers: Set<String>? = nil, mode: Mode = .nearest
  ) {
    self.mode = mode
    (self.format, self.extent, self.foldsFirst, self.layers) = (format, extent, foldsFirst, layers)
    self.roundsParameters = roundsParameters
  }

  /// Whether a layer rounds.
  func concerns(_ layer: String) -> Bool { layers?.contains(layer) ?? true }

  var roundsInputs: Bool { extent != .weights }
  var roundsResults: Bool { extent == .stored }

  /// The number of the format; for `i8`, which needs a scale, the value itself.
  public func nearest(_ value: Double) -> Double {
    let rounded: Double
    switch format {
    case .bf16: rounded = Double(HalfPrecision.float(bfloat: HalfPrecision.bfloat(value)))
    case .f16: rounded = Double(HalfPrecision.float(half: HalfPrecision.half(value)))
    case .tf32: rounded = Double(Self.tensorFloat(Float(value)))
    case .i8: return value
    }
    switch mode {
    case .nearest: return rounded
    case .truncated: return rounded.magnitude > value.magnitude ? below(value) : rounded
    case .flushed: return rounded.magnitude < leastNormal ? 0 : rounded
    }
  }

  /// The next number of the format toward zero.
  private func below(_ value: Double) -> Double {
    let float = Float(value)
    // A double between two floats is above the one toward zero.
    let inner =
      Double(float).magnitude > value.magnitude ? (value > 0 ? float.nextDown : float.nextUp) : float
    switch format {
    case .bf16: return Double(Float(bitPattern: inner.bitPattern & 0xFFFF_0000))
    case .tf32: return Double(Float(bitPattern: inner.bitPattern & ~0x1FFF))
    case .f16:
      let bits = HalfPrecision.half(inner)
      let half = HalfPrecision.float(half: bits)
      // Magnitudes are ordered like their bits.
      return Double(half.magnitude > inner.magnitude ? HalfPrecision.float(half: bits &- 1) : half)
    case .i8: return value
    }
  }

  private var leastNormal: Double {
    format == .f16 ? 0x1p-14 : Double(Float.leastNormalMagnitude)
  }

  /// Rounds to nearest, ties to even, dropping the 13 bits that TF32 does not have.
  public static func tensorFloat(_ value: Float) -> Float {
    guard value.isFinite else { return value }
    let bits = value.bitPattern
    return Float(bitPattern: (bits &+ 0xFFF &+ (bits >> 13 & 1)) & ~0x1FFF)
  }

  // MARK: Tensors

  /// Weights `[out, …]`, each filter with its own scale where there is one.
  func weights(_ values: [Double], filters: Int) -> [Double] {
    guard format == .i8 else { return values.map(nearest) }
    var values = values
    Self.roundToIntegers(&values, filters: filters)
    return values
  }

  /// Rounds weights `[out, …]` to 8-bit integers times each filter's scale, its largest magnitude / 127.
  @inlinable
  package static func roundToIntegers<Values: MutableCollection>(_ values: inout Values, filters: Int)
  where Values.Index == Int, Values.Element: BinaryFloatingPoint {
    let size = values.count / max(1, filters)
    for filter in 0..<filters {
      let range = filter * size..<(filter + 1) * size
      let scale = values[range].reduce(0) { max($0, $1.magnitude) } / 127
      guard scale > 0 else { continue }
      for i in range { values[i] = (values[i] / scale).rounded(.toNearestOrEven) * scale }
    }
  }

  /// Activations, with one scale and zero point for all where there are any.
  func activations(_ values: [Double]) -> [Double] {
    guard format == .i8 else { return values.map(nearest) }
    let low = values.reduce(0) { min($0, $1) }
    let scale = (values.reduce(0) { max($0, $1) } - low) / 255
    guard scale > 0, scale.isFinite else { return values }
    let zero = (-low / scale).rounded(.toNearestOrEven)
    return values.map { ((min(max(($0 / scale).rounded(.toNearestOrEven) + zero, 0), 255)) - zero) * scale }
  }
}

extension Normalization {
  /// The same with every parameter rounded.
  func rounded(by rounding: Rounding?) -> Normalization {
    guard let rounding, rounding.roundsParameters, !rounding.foldsFirst else { return self }
    var copy = self
    copy.bias = bias?.map(rounding.nearest)
    copy.norm = norm.map { norm in
      Norm(
        weight: norm.weight.map(rounding.nearest), bias: norm.bias.map(rounding.nearest),
        mean: norm.mean.map(rounding.nearest), variance: norm.variance.map(rounding.nearest))
    }
    return copy
  }

  /// Scale and bias as exporters fold them: in float32, the square root correctly rounded.
  var foldedInFloat32: (scale: [Double]?, bias: [Double]) {
    guard let norm else { return (nil, bias ?? []) }
    let scale = norm.weight.indices.map {
      Float(norm.weight[$0]) / (Float(norm.variance[$0]) + Float(epsilon)).squareRoot()
    }
    let shift = norm.weight.indices.map {
      Float(norm.bias[$0]) + (Float(bias?[$0] ?? 0) - Float(norm.mean[$0])) * scale[$0]
    }
    return (scale.map(Double.init), shift.map(Double.init))
  }
}
