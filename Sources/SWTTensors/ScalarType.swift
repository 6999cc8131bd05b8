/// The element types that PyTorch files hold; the raw value is PyTorch's own name.
public enum ScalarType: String, CaseIterable, Sendable {
  /// IEEE 754 binary formats, and bfloat16: the upper half of a float32.
  case float32, float16, bfloat16, float64
  /// Integers in two's complement.
  case int8, int16, int32, int64
  /// Integers without a sign.
  case uint8, uint16, uint32, uint64
  /// One byte: zero is false, anything else true.
  case bool
  /// Two floats of half the width: real part, imaginary part.
  case complex32, complex64, complex128
  /// Two bfloat16: PyTorch 2.15.
  case bcomplex32
  /// Eight bits, named by the widths of exponent and mantissa: `fn` has no infinities, `uz` no negative
  /// zero.
  case float8_e4m3fn, float8_e5m2, float8_e4m3fnuz, float8_e5m2fnuz, float8_e8m0fnu
  /// Two floats of four bits in one byte.
  case float4_e2m1fn_x2
  /// Integers with a quantizer beside them; `quint4x2` and `quint2x4` hold two and four in a byte.
  case qint8, quint8, qint32, quint4x2, quint2x4
  /// Bits without a meaning: bytes, 16-bit words, and smaller fields packed into bytes.
  case bits8, bits16, bits1x8, bits2x4, bits4x2

  /// Bytes of one element as PyTorch counts elements.
  ///
  /// `quint4x2` and `quint2x4` count one byte here as they do in PyTorch, but hold ``packedBits`` of it.
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

  /// The unit that a big-endian file reverses: half an element for complex numbers.
  public var swapWidth: Int {
    switch self {
    case .complex32, .bcomplex32: 2
    case .complex64: 4
    case .complex128: 8
    default: byteWidth
    }
  }

  /// True for the types whose values are real floating-point numbers.
  public var isFloatingPoint: Bool {
    switch self {
    case .float32, .float16, .bfloat16, .float64: true
    case .float8_e4m3fn, .float8_e5m2, .float8_e4m3fnuz, .float8_e5m2fnuz, .float8_e8m0fnu: true
    default: false
    }
  }

  /// Whether an element is a real and an imaginary part.
  public var isComplex: Bool {
    self == .complex32 || self == .bcomplex32 || self == .complex64 || self == .complex128
  }

  /// Bits of one element of the types whose elements share a byte; `nil` for all others.
  public var packedBits: Int? {
    switch self {
    case .quint4x2: 4
    case .quint2x4: 2
    default: nil
    }
  }

  /// Bytes that so many elements take, or `nil` when that overflows.
  public func byteCount(elements: Int) -> Int? {
    if let bits = packedBits {
      let perByte = 8 / bits
      return elements / perByte + (elements % perByte == 0 ? 0 : 1)
    }
    let (product, overflow) = elements.multipliedReportingOverflow(by: byteWidth)
    return overflow ? nil : product
  }
}
