/// The element types in PyTorch files; the raw value is PyTorch's name.
public enum ScalarType: String, CaseIterable, Sendable {
  /// IEEE 754 binary formats, and bfloat16, the upper half of a float32.
  case float32, float16, bfloat16, float64
  /// Two's complement integers.
  case int8, int16, int32, int64
  /// Unsigned integers.
  case uint8, uint16, uint32, uint64
  /// One byte: zero is false, anything else is true.
  case bool
  /// Two floats of half the width: the real part, then the imaginary part.
  case complex32, complex64, complex128
  /// Two bfloat16 values (PyTorch 2.15).
  case bcomplex32
  /// Eight bits, named by the widths of exponent and mantissa; `fn` has no infinities, `uz` no negative zero.
  case float8_e4m3fn, float8_e5m2, float8_e4m3fnuz, float8_e5m2fnuz, float8_e8m0fnu
  /// Two 4-bit floats in one byte.
  case float4_e2m1fn_x2
  /// Integers that belong to a quantizer; `quint4x2` and `quint2x4` pack two and four into a byte.
  case qint8, quint8, qint32, quint4x2, quint2x4
  /// Uninterpreted bits: bytes, 16-bit words, and smaller fields packed into bytes.
  case bits8, bits16, bits1x8, bits2x4, bits4x2

  /// Bytes per element, as PyTorch's `itemsize`.
  ///
  /// An element of `quint4x2` or `quint2x4` counts as one byte here, as in PyTorch, but occupies
  /// ``packedBits``.
  public var byteWidth: Int {
    switch self {
    case .int8, .uint8, .bool, .qint8, .quint8, .quint4x2, .quint2x4: 1
    case .float8_e4m3fn, .float8_e5m2, .float8_e4m3fnuz, .float8_e5m2fnuz, .float8_e8m0fnu: 1
    case .float4_e2m1fn_x2, .bits8, .bits1x8, .bits2x4, .bits4x2: 1
    case .float16, .bfloat16, .int16, .uint16, .bits16: 2
    case .float32, .int32, .uint32, .qint32, .complex32, .bcomplex32: 4
    case .float64, .int64, .uint64, .complex64: 8
    case .complex128: 16
    }
  }

  /// Bytes per unit whose byte order a big-endian file reverses: half an element for complex types.
  public var swapWidth: Int {
    switch self {
    case .complex32, .bcomplex32: 2
    case .complex64: 4
    case .complex128: 8
    default: byteWidth
    }
  }

  /// Whether values are real floating-point numbers.
  public var isFloatingPoint: Bool {
    switch self {
    case .float32, .float16, .bfloat16, .float64: true
    case .float8_e4m3fn, .float8_e5m2, .float8_e4m3fnuz, .float8_e5m2fnuz, .float8_e8m0fnu: true
    default: false
    }
  }

  /// Whether an element has a real and an imaginary part.
  public var isComplex: Bool {
    self == .complex32 || self == .bcomplex32 || self == .complex64 || self == .complex128
  }

  /// Bits per element for the types that pack several elements into a byte; `nil` for all others.
  public var packedBits: Int? {
    switch self {
    case .quint4x2: 4
    case .quint2x4: 2
    default: nil
    }
  }

  /// Size of `elements` elements in bytes, or `nil` if it overflows.
  public func byteCount(elements: Int) -> Int? {
    if let bits = packedBits {
      let perByte = 8 / bits
      return elements / perByte + (elements % perByte == 0 ? 0 : 1)
    }
    let (product, overflow) = elements.multipliedReportingOverflow(by: byteWidth)
    return overflow ? nil : product
  }
}
