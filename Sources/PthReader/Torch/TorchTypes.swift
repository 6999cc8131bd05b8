internal import SWTTensors

/// PyTorch's names for element types and for the functions that rebuild tensors.
enum TorchTypes {
  /// Element type of a storage class such as `FloatStorage`; nil if untyped or unknown.
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

  /// Element type of a `torch.<dtype>` global; the short names are PyTorch's aliases.
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
    case "bcomplex32": return .bcomplex32
    default: return ScalarType(rawValue: global.name)
    }
  }

  /// Element type by the number in `.pt2` archives.
  ///
  /// Source: `ScalarType` in torch/_export/serde/schema.py, whose numbers start at 1.
  static func exportedType(_ code: Int) -> ScalarType? {
    switch code {
    case 1: .uint8
    case 2: .int8
    case 3: .int16
    case 4: .int32
    case 5: .int64
    case 6: .float16
    case 7: .float32
    case 8: .float64
    case 9: .complex32
    case 10: .complex64
    case 11: .complex128
    case 12: .bool
    case 13: .bfloat16
    case 28: .uint16
    case 29: .float8_e4m3fn
    case 30: .float8_e5m2
    case 31: .float8_e4m3fnuz
    case 32: .float8_e5m2fnuz
    case 33: .float8_e8m0fnu
    case 34: .uint32
    case 35: .uint64
    default: nil
    }
  }

  /// Element type of an old tensor class, such as `torch.FloatTensor` or `torch.cuda.HalfTensor`.
  static func tensorType(_ global: GlobalName) -> ScalarType? {
    guard global.module == "torch" || global.module.hasPrefix("torch."), global.name.hasSuffix("Tensor")
    else { return nil }
    return storageTypes[global.name.dropLast("Tensor".count) + "Storage"]
  }

  /// Whether the reader interprets a global, even if only as a plain value.
  static func isKnown(_ global: GlobalName) -> Bool {
    if dtype(global) != nil || tensorType(global) != nil { return true }
    if storageTypes[global.name] != nil || untyped.contains(global.name) {
      return global.module == "torch" || global.module.hasPrefix("torch.")
    }
    return Constructor(global) != nil || plain.contains(global.canonical)
  }

  /// Globals of plain values, by canonical name.
  private static let plain: Set<String> = [
    "collections.Counter", "collections.deque", "torch.Size", "torch.device", "torch.Tensor",
    "torch._tensor.Tensor", "torch.torch_version.TorchVersion", "torch.serialization._get_layout",
    "torch.per_tensor_affine", "torch.per_channel_affine", "torch.per_channel_affine_float_qparams",
    "torch.per_tensor_symmetric", "torch.per_channel_symmetric", "torch.strided", "torch.jagged",
    "torch.contiguous_format", "torch.channels_last", "torch.preserve_format",
    "builtins.set", "builtins.frozenset", "builtins.bytearray", "builtins.bytes", "builtins.complex",
    "builtins.slice", "builtins.range", "builtins.list", "builtins.dict", "builtins.int", "builtins.float",
    "builtins.str", "builtins.unicode", "builtins.long", "builtins.bool", "builtins.object",
    "builtins.tuple", "builtins.type", "builtins.getattr", "builtins.xrange",
    "_codecs.encode", "copyreg._reconstructor", "copyreg.__newobj__", "numpy.dtype", "numpy.ndarray",
    "numpy.core.multiarray.scalar", "numpy.random._pickle.__randomstate_ctor",
    "numpy.random._pickle.__generator_ctor", "numpy.random._pickle.__bit_generator_ctor",
    "argparse.Namespace", "datetime.datetime", "datetime.timedelta", "datetime.date", "datetime.time",
    "datetime.timezone", "pathlib.PosixPath", "pathlib.WindowsPath", "pathlib.Path",
    "pathlib.PurePosixPath", "pathlib.PureWindowsPath", "types.SimpleNamespace", "decimal.Decimal",
    "torch.distributed.checkpoint.metadata.Metadata",
    "torch.distributed.checkpoint.metadata.TensorStorageMetadata",
    "torch.distributed.checkpoint.metadata.BytesStorageMetadata",
    "torch.distributed.checkpoint.metadata.ChunkStorageMetadata",
    "torch.distributed.checkpoint.metadata.TensorProperties",
    "torch.distributed.checkpoint.metadata.MetadataIndex",
    "torch.distributed.checkpoint.metadata.StorageMeta",
    "torch.distributed.checkpoint.metadata._MEM_FORMAT_ENCODING",
    "torch.distributed.checkpoint.filesystem._StorageInfo",
    "torch.distributed.tensor.DTensor", "torch.distributed.tensor._dtensor_spec.DTensorSpec",
    "torch.distributed.tensor._dtensor_spec.TensorMeta",
    "torch.distributed.tensor._dtensor_spec.ShardOrderEntry",
    "torch.distributed.tensor.placement_types.Shard",
    "torch.distributed.tensor.placement_types.Replicate",
    "torch.distributed.tensor.placement_types.Partial", "torch.distributed.device_mesh.DeviceMesh",
    "torch.distributed._mesh_layout._MeshLayout", "torch.distributed._mesh_layout._FlatLayout",
    "fractions.Fraction", "uuid.UUID", "functools.partial",
  ]

  /// The closed set of functions whose result contains tensors.
  ///
  /// Source: torch/_utils.py and torch/_tensor.py of every release since 0.1; torch/jit/_pickle.py.
  enum Constructor {
    case tensor, tensorV2, tensorV3
    case parameter, parameterWithState
    case quantized, sparse, nested, meta, wrapper
    case fromTypeV2, fromType
    case orderedDict, defaultDict
    case numpyArray, numpyBuffer, joblibArray
    case loadFromBytes
    case deviceFromNumpy, deviceFromTensor
    /// `torch.jit._pickle`: a value with a type, or a typed list.
    case typeTag

    init?(_ global: GlobalName) {
      switch global.canonical {
      case "torch._utils._rebuild_tensor": self = .tensor
      case "torch._utils._rebuild_tensor_v2": self = .tensorV2
      case "torch._utils._rebuild_tensor_v3": self = .tensorV3
      case "torch._utils._rebuild_parameter": self = .parameter
      case "torch._utils._rebuild_parameter_with_state", "torch._utils._rebuild_parameter_v2":
        self = .parameterWithState
      case "torch._utils._rebuild_qtensor": self = .quantized
      case "torch._utils._rebuild_sparse_tensor", "torch._utils._rebuild_sparse_csr_tensor": self = .sparse
      case "torch._utils._rebuild_nested_tensor": self = .nested
      case "torch._utils._rebuild_meta_tensor_no_storage": self = .meta
      case "torch._utils._rebuild_wrapper_subclass": self = .wrapper
      case "torch._tensor._rebuild_from_type_v2": self = .fromTypeV2
      case "torch._tensor._rebuild_from_type": self = .fromType
      case "collections.OrderedDict": self = .orderedDict
      case "collections.defaultdict": self = .defaultDict
      case "numpy.core.multiarray._reconstruct": self = .numpyArray
      case "numpy.core.numeric._frombuffer": self = .numpyBuffer
      case JoblibArray.className: self = .joblibArray
      case "torch.storage._load_from_bytes": self = .loadFromBytes
      case "torch._utils._rebuild_device_tensor_from_numpy", "torch._utils._rebuild_xla_tensor":
        self = .deviceFromNumpy
      case "torch._utils._rebuild_device_tensor_from_cpu_tensor": self = .deviceFromTensor
      case "torch.jit._pickle.restore_type_tag", "torch.jit._pickle.build_tensorlist",
        "torch.jit._pickle.build_intlist", "torch.jit._pickle.build_doublelist",
        "torch.jit._pickle.build_boollist":
        self = .typeTag
      default: return nil
      }
    }
  }

  /// Classes of parameters and buffers that were pickled as objects.
  static let parameterClasses: Set<String> = [
    "torch.nn.parameter.Parameter", "torch.nn.Parameter", "torch.nn.parameter.Buffer", "torch.nn.Buffer",
    "torch.autograd.variable.Variable", "torch.autograd.Variable",
  ]

  static let uninitialized: Set<String> = [
    "torch.nn.parameter.UninitializedParameter", "torch.nn.parameter.UninitializedBuffer",
  ]
}
