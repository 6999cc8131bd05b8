internal import SWTTensors

/// The dtypes of safetensors in the official library's order of increasing alignment, by which writers sort.
enum SafetensorsType: String, CaseIterable {
  case BOOL, F4, F6_E2M3, F6_E3M2, U8, I8, F8_E5M2, F8_E4M3, F8_E8M0, F8_E4M3FNUZ, F8_E5M2FNUZ
  case I16, U16, F16, BF16, I32, U32, F32, C64, F64, I64, U64

  /// PyTorch's type; `nil` for the two that PyTorch lacks.
  var scalarType: ScalarType? {
    switch self {
    case .BOOL: .bool
    case .F4: .float4_e2m1fn_x2
    case .F6_E2M3, .F6_E3M2: nil
    case .U8: .uint8
    case .I8: .int8
    case .F8_E5M2: .float8_e5m2
    case .F8_E4M3: .float8_e4m3fn
    case .F8_E8M0: .float8_e8m0fnu
    case .F8_E4M3FNUZ: .float8_e4m3fnuz
    case .F8_E5M2FNUZ: .float8_e5m2fnuz
    case .I16: .int16
    case .U16: .uint16
    case .F16: .float16
    case .BF16: .bfloat16
    case .I32: .int32
    case .U32: .uint32
    case .F32: .float32
    case .C64: .complex64
    case .F64: .float64
    case .I64: .int64
    case .U64: .uint64
    }
  }

  /// `nil` for types without a safetensors dtype.
  init?(_ type: ScalarType) {
    guard let match = Self.allCases.first(where: { $0.scalarType == type }) else { return nil }
    self = match
  }

  /// Position in ``allCases``: the library's sort key.
  var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

  /// Bits of one of the file's elements.
  var bitWidth: Int {
    switch self {
    case .F4: 4
    case .F6_E2M3, .F6_E3M2: 6
    default: 8 * (scalarType?.byteWidth ?? 1)
    }
  }

  /// Number of the file's elements that PyTorch packs into one of its own, along the last dimension.
  var packing: Int { self == .F4 ? 2 : 1 }
}
