public import SWTTensors

/// The element types of a `.swt` file; the raw value is the code in the file.
public enum SWTDType: UInt8, CaseIterable, Sendable {
  /// IEEE 754 binary32.
  case f32 = 1
  /// IEEE 754 binary16.
  case f16
  /// bfloat16: the upper half of an `f32`.
  case bf16
  /// Eight bits in two's complement.
  case i8
  /// Eight bits without a sign.
  case u8
  /// Two elements a byte, low nibble first; the nibble after an odd count is zero.
  case i4
  /// IEEE 754 binary64.
  case f64
  /// Integers in two's complement.
  case i64, i32, i16
  /// One byte, 0 or 1.
  case bool8
  /// Eight bits: four of exponent, three of mantissa, no infinities.
  case f8e4m3fn
  /// Eight bits: five of exponent, two of mantissa.
  case f8e5m2
  /// Integers without a sign.
  case u16, u32, u64
  /// Two floats of half the width: real part, imaginary part.
  case complex32, complex64, complex128
  /// Eight bits without infinities or negative zero; `f8e8m0fnu` is a power of two.
  case f8e4m3fnuz, f8e5m2fnuz, f8e8m0fnu
  /// One byte is one element here and holds two values, as in PyTorch.
  case f4e2m1fnX2
  /// Packed types of PyTorch; metadata says which.
  case opaque

  /// Bits of one element.
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

  /// Whether elements are real floating-point numbers, of any width.
  public var isFloatingPoint: Bool { scalarType?.isFloatingPoint ?? false }

  /// True for integers; booleans and packed types are not.
  public var isInteger: Bool {
    switch self {
    case .i4, .i8, .i16, .i32, .i64, .u8, .u16, .u32, .u64: true
    default: false
    }
  }

  /// PyTorch's type with the same bytes; nil for `i4` and `opaque`.
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

  /// The name in listings: PyTorch's, else `int4` or `opaque`.
  public var name: String { scalarType?.rawValue ?? (self == .i4 ? "int4" : "opaque") }

  /// The type that stores PyTorch's: quantized types as their integers, packed types as opaque bytes.
  public init(_ type: ScalarType) {
    switch type {
    case .qint8: self = .i8
    case .quint8: self = .u8
    case .qint32: self = .i32
    default: self = Self.allCases.first { $0.scalarType == type } ?? .opaque
    }
  }
}

/// What a tensor is for; the raw value is the code in the file.
public enum SWTRole: UInt8, CaseIterable, Sendable {
  /// A trained tensor of the network.
  case parameter
  /// A tensor that training keeps but does not train: a running mean.
  case buffer
  /// Scales of a quantised tensor.
  case scale
  /// Zero points of a quantised tensor.
  case zeroPoint
  /// The input of a golden test, `[N, C, H, W]`.
  case goldenInput
  /// What the network must make of a golden input.
  case goldenOutput
  /// Samples of what a layer must make of it.
  case goldenProbe
  /// Anything else.
  case auxiliary
}
