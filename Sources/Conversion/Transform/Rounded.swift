internal import SWT
internal import SWTBytes
internal import SWTTensors

/// Numbers rounded once, to nearest, ties to even, to a type of the file.
struct Rounded {
  let dtype: SWTDType
  /// Little-endian.
  let bytes: [UInt8]
  /// What the stored values are.
  let values: [Double]
  /// The first finite number that became infinite.
  let overflow: Int?

  /// - Precondition: `dtype` is f32, f16, bf16 or f64.
  init(_ exact: [Double], to dtype: SWTDType) {
    self.dtype = dtype
    switch dtype {
    case .f32:
      let stored = exact.map { Float($0) }
      (bytes, values) = (LittleEndian.bytes(stored.map(\.bitPattern)), stored.map { Double($0) })
    case .f16:
      let stored = exact.map { HalfPrecision.half($0) }
      (bytes, values) = (LittleEndian.bytes(stored), stored.map { Double(HalfPrecision.float(half: $0)) })
    case .bf16:
      let stored = exact.map { HalfPrecision.bfloat($0) }
      (bytes, values) = (LittleEndian.bytes(stored), stored.map { Double(HalfPrecision.float(bfloat: $0)) })
    case .f64: (bytes, values) = (LittleEndian.bytes(exact.map(\.bitPattern)), exact)
    default: preconditionFailure("\(dtype) holds no real numbers")
    }
    let stored = values
    overflow = exact.indices.first { exact[$0].isFinite && !stored[$0].isFinite }
  }
}
