internal import SWT
internal import SWTTensors

/// The precision of the weights of convolutions and linear layers.
public enum Precision: String, CaseIterable, Sendable {
  /// Floating-point numbers of that type; `f32` leaves float32 unchanged.
  case f32, f16, bf16
  /// Integers in -127...127, with one float32 scale per output channel.
  case i8

  /// The element type in the file.
  var dtype: SWTDType {
    switch self {
    case .f32: .f32
    case .f16: .f16
    case .bf16: .bf16
    case .i8: .i8
    }
  }
}

/// The layers that stay in f16 when all others become i8; by default only the two that quantization hurts
/// most, the first convolution and the classifier, are considered.
public enum WideLayers: Equatable, Sendable {
  /// A sensitive layer whose i8 rounding has a relative error above 1.25 %.
  case auto
  /// No layer.
  case none
  /// These, by name: `fc` or `fc.weight`.
  case named([String])

  /// Relative L2 error of a layer's weights above which a wider type is worth its size.
  ///
  /// Normally distributed filters of some hundred elements lose 0.8 to 1.0 % with symmetric integers and one
  /// scale per filter; a larger error means that a few large elements leave too little of the range for the
  /// others.
  static let threshold = 0.0125

  /// The width of a layer; the first convolution and the classifier are sensitive.
  func width(of name: String, isSensitive: Bool) -> PlannedTensor.Width {
    switch self {
    case .auto: isSensitive ? .measured : .narrow
    case .none: .narrow
    case .named(let names): names.contains { $0 == name || "\($0).weight" == name } ? .wide : .narrow
    }
  }
}

extension SWTDType {
  /// Whether ``WeightTransform`` can read and write the type as real numbers.
  var isTransformable: Bool {
    switch self {
    case .f32, .f16, .bf16, .f64: true
    default: false
    }
  }
}
