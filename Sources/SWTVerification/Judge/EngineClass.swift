/// What shows that an engine's error is that of a precision.
package enum ClassBasis: String, Sendable {
  /// Numbers rounded so explain the error, or its direction.
  case rounding
  /// Its size alone, which a small fault may have, too.
  case size
}

/// The accuracy of an engine's outputs.
package enum EngineClass: String, Sendable, CaseIterable {
  /// Bit for bit the reference's float32 outputs.
  case bitExact = "bit-exact"
  /// Within the noise of float32.
  case fp32
  /// As with products of TF32 operands.
  case tf32
  /// As with float16.
  case f16
  /// As with bfloat16.
  case bf16
  /// As with 8-bit integers.
  case i8
  /// A fault, or an error that no precision explains.
  case wrong

  /// The class that a stated precision means: `f32`, or a class's own name.
  package init?(precision: String) {
    self.init(rawValue: precision == "f32" ? "fp32" : precision)
  }

  /// Classes by the size of their errors; TF32 and float16 have equally many bits.
  private var rank: Int {
    switch self {
    case .bitExact: 0
    case .fp32: 1
    case .tf32, .f16: 2
    case .bf16: 3
    case .i8: 4
    case .wrong: 5
    }
  }

  /// Whether errors of this class are not larger than those of `other`.
  package func isWithin(_ other: EngineClass) -> Bool { self != .wrong && rank <= other.rank }

  /// The coarser of two.
  package func combined(with other: EngineClass) -> EngineClass { other.rank > rank ? other : self }

  /// Significant bits of the format, the hidden one included; nil for integers and classes without one.
  var significandBits: Int? {
    switch self {
    case .tf32, .f16: 11
    case .bf16: 8
    case .fp32, .bitExact: 24
    case .i8, .wrong: nil
    }
  }
}
