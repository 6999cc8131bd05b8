public import SWTTensors

/// The element types of `.swt` files; the raw value is the code in the file.
public enum SWTDType: UInt8, CaseIterable, Sendable {
  /// IEEE 754 binary32.
  case f32 = 1
  /// IEEE 754 binary16.
  case f16
  /// bfloat16, the upper half of an `f32`.
  case bf16
  /// Signed 8-bit integer.
  case i8
  /// Unsigned 8-bit integer.
  case u8
  /// Signed 4-bit integers, two per byte, low nibble first; an odd count leaves the last nibble zero.
  case i4
  /// IEEE 754 binary64.
  case f64
  /// Two's complement integers.
  case i64, i32, i16
  /// One byte, 0 or 1.
  case bool8
  /// 8-bit float: 4 exponent bits, 3 mantissa bits, no infinities.
  case f8e4m3fn
  /// 8-bit float: 5 exponent bits, 2 mantissa bits.
  case f8e5m2
  /// Unsigned integers.
  case u16, u32, u64
  /// Two floats of half the width: the real part, then the imaginary part.
  case complex32, complex64, complex128
  /// 8-bit floats without infinities or negative zero; `f8e8m0fnu` is a power of two.
  case f8e4m3fnuz, f8e5m2fnuz, f8e8m0fnu
  /// Two 4-bit floats in one byte, counted as one element, as in PyTorch.
  case f4e2m1fnX2
  /// PyTorch's packed types; metadata names the type.
  case opaque

  /// Bits per element.
  public var bitWidth: Int {
    switch self {
    case .i4: 4
    case .i8, .u8, .bool8, .f4e2m1fnX2, .opaque: 8
    case .f8e4m3fn, .f8e5m2, .f8e4m3fnuz, .f8e5m2fnuz, .f8e8m0fnu: 8
    case .f16, .bf16, .i16, .u16: 16
    case .f32, .i32, .u32, .complex32: 32
    case .f64, .i64, .u64, .complex64: 64
    case .complex128: 128
    }
  }

  /// Whether elements are real floating-point numbers of any width.
  public var isFloatingPoint: Bool { scalarType?.isFloatingPoint ?? false }

  /// Whether elements are integers; false for booleans and packed types.
  public var isInteger: Bool {
    switch self {
    case .i4, .i8, .i16, .i32, .i64, .u8, .u16, .u32, .u64: true
    default: false
    }
  }

  /// The PyTorch type with the same byte representation; nil for `i4` and `opaque`.
  public var scalarType: ScalarType? {
    switch self {
    case .f32: .float32
    case .f16: .float16
    case .bf16: .bfloat16
    case .f64: .float64
    case .i8: .int8
    case .i16: .int16
    case .i32: .int32
    case .i64: .int64
    case .u8: .uint8
    case .u16: .uint16
    case .u32: .uint32
    case .u64: .uint64
    case .bool8: .bool
    case .complex32: .complex32
    case .complex64: .complex64
    case .complex128: .complex128
    case .f8e4m3fn: .float8_e4m3fn
    case .f8e5m2: .float8_e5m2
    case .f8e4m3fnuz: .float8_e4m3fnuz
    case .f8e5m2fnuz: .float8_e5m2fnuz
    case .f8e8m0fnu: .float8_e8m0fnu
    case .f4e2m1fnX2: .float4_e2m1fn_x2
    case .i4, .opaque: nil
    }
  }

  /// The name in listings: PyTorch's name, or `int4` or `opaque`.
  public var name: String { scalarType?.rawValue ?? (self == .i4 ? "int4" : "opaque") }

  /// The type that stores a PyTorch type: quantized types become their integers, packed types opaque bytes.
  public init(_ type: ScalarType) {
    switch type {
    case .qint8: self = .i8
    case .quint8: self = .u8
    case .qint32: self = .i32
    default: self = Self.allCases.first { $0.scalarType == type } ?? .opaque
    }
  }
}

/// The role of a tensor; the raw value is the code in the file.
public enum SWTRole: UInt8, CaseIterable, Sendable {
  /// A trained parameter of the network.
  case parameter
  /// State that training updates without a gradient, such as a running mean.
  case buffer
  /// Scales of a quantized tensor.
  case scale
  /// Zero points of a quantized tensor.
  case zeroPoint
  /// The input of a golden test, `[N, C, H, W]`.
  case goldenInput
  /// The network's expected output for a golden input.
  case goldenOutput
  /// Samples of a layer's expected output for a golden input.
  case goldenProbe
  /// Anything else.
  case auxiliary
}
