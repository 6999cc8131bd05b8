internal import SWTTensors

/// How PyTorch pickles a tensor of some type.
enum TorchDtype {
  /// By a typed storage, such as `torch.FloatStorage`, and `torch._utils._rebuild_tensor_v2`.
  case storageClass(String)
  /// By `torch.storage.UntypedStorage` and `torch._utils._rebuild_tensor_v3`, which is given `torch.<name>`.
  case named(String)

  /// Nil for quantized types, which need a quantizer.
  ///
  /// Source: torch/storage.py, `_dtype_to_storage_type_map`, and torch/_tensor.py, `_reduce_ex_internal`.
  init?(_ type: ScalarType) {
    switch type {
    case .float64: self = .storageClass("DoubleStorage")
    case .float32: self = .storageClass("FloatStorage")
    case .float16: self = .storageClass("HalfStorage")
    case .bfloat16: self = .storageClass("BFloat16Storage")
    case .int64: self = .storageClass("LongStorage")
    case .int32: self = .storageClass("IntStorage")
    case .int16: self = .storageClass("ShortStorage")
    case .int8: self = .storageClass("CharStorage")
    case .uint8: self = .storageClass("ByteStorage")
    case .bool: self = .storageClass("BoolStorage")
    case .complex128: self = .storageClass("ComplexDoubleStorage")
    case .complex64: self = .storageClass("ComplexFloatStorage")
    case .qint8, .quint8, .qint32, .quint4x2, .quint2x4: return nil
    case .uint16, .uint32, .uint64, .complex32, .bcomplex32, .float8_e4m3fn, .float8_e5m2,
      .float8_e4m3fnuz, .float8_e5m2fnuz, .float8_e8m0fnu, .float4_e2m1fn_x2, .bits8, .bits16, .bits1x8,
      .bits2x4, .bits4x2:
      self = .named(type.rawValue)
    }
  }
}
