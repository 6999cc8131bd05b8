internal import SWT
internal import SWTTensors

/// How the weights of convolutions and linear layers are stored.
public enum Precision: String, CaseIterable, Sendable {
  /// Floats of that type; `f32` leaves float32 as it is.
  case f32, f16, bf16
  /// Integers of -127...127 with one float32 scale for each output channel.
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

/// Which of the two layers that quantisation hurts most, the first convolution and the classifier, stay in f16
/// when all others become i8.
public enum WideLayers: Equatable, Sendable {
  /// A layer whose i8 receipt shows a relative error above 1.25 %.
  case auto
  /// Neither of the two.
  case none
  /// These, by name: `fc` or `fc.weight`.
  case named([String])

  /// Relative L2 error of a layer's weights above which a wider type pays.
  ///
  /// Normally distributed filters of some hundred elements lose 0.8 to 1.0 % to symmetric integers of one
  /// scale for each filter; more says that few large elements took the range from all others.
  static let threshold = 0.0125

  /// What becomes of a layer; the first convolution and the classifier are sensitive.
  func width(of name: String, isSensitive: Bool) -> PlannedTensor.Width {
    switch self {
    case .auto: isSensitive ? .measured : .narrow
    case .none: .narrow
    case .named(let names): names.contains { $0 == name || "\($0).weight" == name } ? .wide : .narrow
    }
  }
}

extension SWTDType {
  /// True for the types that ``WeightTransform`` reads and writes as real numbers.
  var isTransformable: Bool {
    switch self {
    case .f32, .f16, .bf16, .f64: true
    default: false
    }
  }
}
