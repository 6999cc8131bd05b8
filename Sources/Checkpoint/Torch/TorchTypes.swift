internal import SWTTensors

/// PyTorch's names for element types and the functions that rebuild tensors.
enum TorchTypes {
  /// Element type of a storage class: `FloatStorage`; `nil` for untyped ones and strangers.
  ///
  /// Source: torch/storage.py, `_dtype_to_storage_type_map`.
  static func storageType(_ name: String) -> ScalarType? { storageTypes[name] }

  static let untyped: Set<String> = ["UntypedStorage", "_UntypedStorage"]

  private static let storageTypes: [String: ScalarType] = [
    "DoubleStorage": .float64, "FloatStorage": .float32, "HalfStorage": .float16,
    "BFloat16Storage": .bfloat16, "LongStorage": .int64, "IntStorage": .int32, "ShortStorage": .int16,
    "CharStorage": .int8, "ByteStorage": .uint8, "BoolStorage": .bool,
    "ComplexDoubleStorage": .complex128, "ComplexFloatStorage": .complex64,
    "ComplexHalfStorage": .complex32, "QInt8Storage": .qint8, "QUInt8Storage": .quint8,
    "QInt32Storage": .qint32, "QUInt4x2Storage": .quint4x2, "QUInt2x4Storage": .quint2x4,
  ]

  /// Element type of a `torch.<dtype>` global; the short names are PyTorch's own synonyms.
  static func dtype(_ global: GlobalName) -> ScalarType? {
    guard global.module == "torch" else { return nil }
    switch global.name {
    case "float": return .float32
    case "double": return .float64
    case "half": return .float16
    case "short": return .int16
    case "int": return .int32
    case "long": return .int64
    case "chalf": return .complex32
    case "cfloat": return .complex64
    case "cdouble": return .complex128
    default: return ScalarType(rawValue: global.name)
    }
  }

  /// Element type of an old tensor class: `torch.FloatTensor`, `torch.cuda.HalfTensor`.
  static func tensorType(_ global: GlobalName) -> ScalarType? {
    guard global.module == "torch" || global.module.hasPrefix("torch."), global.name.hasSuffix("Tensor")
    else { return nil }
    return storageTypes[global.name.dropLast("Tensor".count) + "Storage"]
  }

  /// True when the reader knows what a global means, even if only "a plain value".
  static func isKnown(_ global: GlobalName) -> Bool {
    if dtype(global) != nil || tensorType(global) != nil { return true }
    if storageTypes[global.name] != nil || untyped.contains(global.name) {
      return global.module == "torch" || global.module.hasPrefix("torch.")
    }
    return Constructor(global) != nil || harmless.contains(global.qualified)
  }

  private static let harmless: Set<String> = [
    "collections.Counter", "collections.deque", "torch.Size", "torch.device", "torch.nn.parameter.Parameter",
    "torch.Tensor", "torch.torch_version.TorchVersion", "torch.serialization._get_layout",
    "torch.per_tensor_affine", "torch.per_channel_affine", "torch.per_channel_affine_float_qparams",
    "torch.per_tensor_symmetric", "torch.per_channel_symmetric",
    "builtins.set", "builtins.frozenset", "builtins.bytearray", "builtins.complex", "builtins.slice",
    "builtins.range", "builtins.list", "builtins.dict", "builtins.int", "builtins.float", "builtins.str",
    "builtins.bool", "builtins.object", "builtins.tuple",
    "__builtin__.set", "__builtin__.frozenset", "__builtin__.bytearray", "__builtin__.complex",
    "__builtin__.object", "__builtin__.list", "__builtin__.dict", "_codecs.encode",
    "copy_reg._reconstructor", "copyreg._reconstructor", "numpy.dtype", "numpy.ndarray",
    "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar", "argparse.Namespace",
    "datetime.datetime", "datetime.timedelta", "datetime.date", "pathlib.PosixPath", "pathlib.Path",
    "types.SimpleNamespace",
  ]

  /// What a call makes, for the closed set of functions whose result holds tensors.
  enum Constructor {
    case tensor, tensorV2, tensorV3
    case parameter
    case quantized, sparse, meta, wrapper
    case fromTypeV2, fromType
    case orderedDict, defaultDict
    case numpyArray, loadFromBytes
    case deviceFromNumpy, deviceFromTensor

    init?(_ global: GlobalName) {
      switch global.qualified {
      case "torch._utils._rebuild_tensor": self = .tensor
      case "torch._utils._rebuild_tensor_v2": self = .tensorV2
      case "torch._utils._rebuild_tensor_v3": self = .tensorV3
      case "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state",
        "torch._utils._rebuild_parameter_v2":
        self = .parameter
      case "torch._utils._rebuild_qtensor": self = .quantized
      case "torch._utils._rebuild_sparse_tensor", "torch._utils._rebuild_sparse_csr_tensor": self = .sparse
      case "torch._utils._rebuild_meta_tensor_no_storage": self = .meta
      case "torch._utils._rebuild_wrapper_subclass": self = .wrapper
      case "torch._tensor._rebuild_from_type_v2", "torch.tensor._rebuild_from_type_v2": self = .fromTypeV2
      case "torch._tensor._rebuild_from_type", "torch.tensor._rebuild_from_type": self = .fromType
      case "collections.OrderedDict": self = .orderedDict
      case "collections.defaultdict": self = .defaultDict
      case "numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct": self = .numpyArray
      case "torch.storage._load_from_bytes": self = .loadFromBytes
      case "torch._utils._rebuild_device_tensor_from_numpy", "torch._utils._rebuild_xla_tensor":
        self = .deviceFromNumpy
      case "torch._utils._rebuild_device_tensor_from_cpu_tensor": self = .deviceFromTensor
      default: return nil
      }
    }
  }
}
