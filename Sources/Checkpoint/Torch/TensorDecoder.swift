internal import SWTBytes
internal import SWTTensors

/// Turns the calls that rebuild tensors into views of storages.
///
/// Signatures: torch/_utils.py. Every number is checked: nothing here trusts that a view lies in its storage.
struct TensorDecoder<Provider: StorageProvider> {
  let arena: PickleArena
  let limits: ParseLimits
  var provider: Provider
  /// How many files inside files we are in.
  let nesting: Int

  /// A call's arguments, read by position.
  struct Arguments {
    let ids: [NodeID]
    let function: String

    func callAsFunction(_ index: Int) throws(ParseFailure) -> NodeID {
      guard index < ids.count else {
        throw ParseFailure(.invalid("\(function) with \(ids.count) arguments"))
      }
      return ids[index]
    }
  }

  /// What a value is, as far as tensors are concerned.
  enum Decoded {
    /// Parts and the names they are told apart by; one part with an empty name for an ordinary tensor.
    case tensors([(part: String, tensor: TensorEntry)])
    /// Made by a tensor function, but without values that could be read.
    case unreadable(String)
    case notATensor
  }

  /// Decodes a node that may be a tensor.
  mutating func decode(_ id: NodeID, depth: Int = 0) throws(ParseFailure) -> Decoded {
    try limits.check(.depth, depth)
    if let pid = arena.persistentID(id) {
      guard let reference = try StorageReference(pid, in: arena) else { return .notATensor }
      return .tensors([("", try bareStorage(reference))])
    }
    guard let object = arena.object(id), let global = arena.global(object.callable),
      let ids = arena.elements(object.arguments)
    else { return .notATensor }
    let arguments = Arguments(ids: ids, function: global.name)
    guard let constructor = TorchTypes.Constructor(global) else {
      return try decodeOldForms(global, object, arguments, depth: depth)
    }
    if constructor == .numpyArray {
      guard let state = object.state else { return .unreadable("a numpy array without its state") }
      return try NumpyDecoder(arena: arena).decode(state)
    }
    return try decodeCall(constructor, arguments, depth: depth)
  }

  /// What one of the known functions would have made of these arguments.
  private mutating func decodeCall(
    _ constructor: TorchTypes.Constructor, _ arguments: Arguments, depth: Int
  ) throws(ParseFailure) -> Decoded {
    try limits.check(.depth, depth)
    switch constructor {
    case .tensor, .tensorV2:
      return .tensors([("", try strided(arguments, type: nil, metadata: try flags(arguments, 6)))])
    case .tensorV3:
      guard let dtype = arena.global(try arguments(6)) else {
        throw ParseFailure(.invalid("a tensor without an element type"))
      }
      guard let type = TorchTypes.dtype(dtype) else {
        throw ParseFailure(.unsupported("element type \(dtype.qualified)"))
      }
      return .tensors([("", try strided(arguments, type: type, metadata: try flags(arguments, 7)))])
    case .parameter, .deviceFromTensor, .deviceFromNumpy:
      return try decode(try arguments(0), depth: depth + 1)
    case .quantized:
      let quantizer = try quantizer(try arguments(4))
      return .tensors([("", try strided(arguments, type: nil, quantizer: quantizer))])
    case .sparse:
      return try sparse(arguments, depth: depth)
    case .meta:
      return .tensors([("", try meta(arguments))])
    case .wrapper:
      return .unreadable("a tensor subclass whose values are in its attributes")
    case .fromTypeV2, .fromType:
      // _rebuild_from_type_v2(func, type, args, state): the inner call makes the tensor.
      guard let function = arena.global(try arguments(0)), let inner = TorchTypes.Constructor(function),
        let ids = arena.elements(try arguments(2))
      else { return .unreadable("a tensor subclass made by an unknown function") }
      return try decodeCall(inner, Arguments(ids: ids, function: function.name), depth: depth + 1)
    case .numpyArray, .orderedDict, .defaultDict, .loadFromBytes:
      return .notATensor
    }
  }

  /// Tensors from before `_rebuild_tensor`: a class called without arguments and filled by BUILD.
  private mutating func decodeOldForms(
    _ global: GlobalName, _ object: PickleArena.Object, _ arguments: Arguments, depth: Int
  ) throws(ParseFailure) -> Decoded {
    if global.qualified == "torch.nn.parameter.Parameter" || global.qualified == "torch.nn.Parameter" {
      // BUILD (data, grad, hooks, requires_grad, volatile), or Parameter(data, requires_grad).
      let parts = object.state.flatMap { arena.elements($0) } ?? arguments.ids
      guard let data = parts.first else { return .unreadable("an uninitialised parameter") }
      return try decode(data, depth: depth + 1)
    }
    guard TorchTypes.tensorType(global) != nil, let state = object.state,
      let parts = arena.elements(state), parts.count == 4
    else { return .notATensor }
    return .tensors([("", try strided(Arguments(ids: parts, function: global.name), type: nil))])
  }

  // MARK: Pieces

  private mutating func strided(
    _ arguments: Arguments, type: ScalarType?, metadata: (conj: Bool, neg: Bool) = (false, false),
    quantizer: Quantizer? = nil
  ) throws(ParseFailure) -> TensorEntry {
    let (storage, storageType, start) = try storage(try arguments(0), arguments.function)
    guard let type = type ?? storageType else {
      throw ParseFailure(.invalid("\(arguments.function) on an untyped storage"))
    }
    guard let offset = arena.int(try arguments(1)) else {
      throw ParseFailure(.invalid("a storage offset that is no number"))
    }
    let base = try Checked.add(offset, start, "storage offset")
    let layout = try StridedLayout(
      shape: try integers(try arguments(2), "size"), strides: try integers(try arguments(3), "stride"),
      offset: base)
    try limits.check(.rank, layout.shape.count)
    let available = storage.byteCount / type.byteWidth
    let needed = try packedElements(layout.requiredElements, type)
    guard needed <= available else {
      throw ParseFailure(
        .invalid(
          "a view of shape \(layout.shape) needs \(layout.requiredElements) elements of storage "
            + "'\(storage.label)', which has \(available)"))
    }
    return TensorEntry(
      scalarType: type, layout: layout, storage: storage, isConjugated: metadata.conj,
      isNegated: metadata.neg, quantizer: quantizer)
  }

  /// The storage that a tensor is a view of, its element type, and where in it a view of the storage starts.
  private mutating func storage(
    _ id: NodeID, _ function: String
  ) throws(ParseFailure) -> (Storage, ScalarType?, Int) {
    if let pid = arena.persistentID(id), let reference = try StorageReference(pid, in: arena) {
      return (try provider.storage(reference), reference.scalarType, reference.view?.offset ?? 0)
    }
    // A tensor pickled without torch.save: its storage is a whole legacy file inside a string.
    if let object = arena.object(id), let nested = try nestedFile(object),
      let tensor = nested.tensors.first, nested.tensors.count == 1, tensor.path.isEmpty
    {
      return (tensor.storage, tensor.scalarType, tensor.layout.offset)
    }
    throw ParseFailure(.invalid("\(function) without a storage"))
  }

  /// The file inside `torch.storage._load_from_bytes(bytes)`; `nil` for any other call.
  mutating func nestedFile(_ object: PickleArena.Object) throws(ParseFailure) -> Checkpoint? {
    guard let global = arena.global(object.callable), TorchTypes.Constructor(global) == .loadFromBytes,
      let argument = arena.elements(object.arguments)?.first
    else { return nil }
    var bytes = arena.rawBytes(argument).map { Array($0) }
    if let inner = arena.object(argument), arena.global(inner.callable)?.qualified == "_codecs.encode",
      let text = arena.elements(inner.arguments)?.first
    {
      // Protocol 2 has no bytes: they are written as Latin-1 text.
      bytes = PickleText.latin1(arena, text)
    }
    guard let bytes else { throw ParseFailure(.invalid("_load_from_bytes without bytes")) }
    try limits.check(.nesting, nesting + 1)
    do throws(ParseFailure) {
      return try CheckpointReader.read(MemorySource(bytes), limits: limits, nesting: nesting + 1)
    } catch {
      throw error.inside("a file inside the pickle")
    }
  }

  /// Elements of sub-byte types share bytes in their storage.
  private func packedElements(_ count: Int, _ type: ScalarType) throws(ParseFailure) -> Int {
    switch type {
    case .quint4x2: (count + 1) / 2
    case .quint2x4: (count + 3) / 4
    default: count
    }
  }

  /// A storage that was saved by itself: a flat tensor of all of it.
  private mutating func bareStorage(_ reference: StorageReference) throws(ParseFailure) -> TensorEntry {
    let storage = try provider.storage(reference)
    return TensorEntry(
      scalarType: reference.scalarType ?? .uint8,
      layout: try StridedLayout(
        shape: [reference.view?.count ?? reference.count], strides: nil, offset: reference.view?.offset ?? 0),
      storage: storage)
  }

  /// A tuple, a list or a `torch.Size` of integers.
  func integers(_ id: NodeID, _ what: String) throws(ParseFailure) -> [Int] {
    var list = id
    if let object = arena.object(id), let inner = arena.elements(object.arguments)?.first { list = inner }
    guard let ids = arena.elements(list), arena.kind(list) != .dict else {
      throw ParseFailure(.invalid("\(what) is no tuple"))
    }
    try limits.check(.rank, ids.count)
    var values: [Int] = []
    for id in ids {
      guard let value = arena.int(id) else {
        throw ParseFailure(.invalid("\(what) holds something that is no 64-bit integer"))
      }
      values.append(value)
    }
    return values
  }

  /// The metadata dict `{"conj": True}`; anything else in it would change values in an unknown way.
  private func flags(_ arguments: Arguments, _ index: Int) throws(ParseFailure) -> (Bool, Bool) {
    guard index < arguments.ids.count else { return (false, false) }
    let id = arguments.ids[index]
    if arena.kind(id) == .none { return (false, false) }
    guard arena.kind(id) == .dict, let items = arena.elements(id) else {
      throw ParseFailure(.invalid("tensor metadata that is no dict"))
    }
    var conj = false
    var neg = false
    for i in stride(from: 0, to: items.count - 1, by: 2) {
      switch arena.text(items[i]) {
      case "conj": conj = arena.bool(items[i + 1]) ?? false
      case "neg": neg = arena.bool(items[i + 1]) ?? false
      default: throw ParseFailure(.unsupported("tensor metadata \(arena.text(items[i]) ?? "?")"))
      }
    }
    return (conj, neg)
  }

  private func quantizer(_ id: NodeID) throws(ParseFailure) -> Quantizer {
    guard let parts = arena.elements(id), let scheme = parts.first.flatMap({ arena.global($0) }) else {
      throw ParseFailure(.invalid("a quantized tensor without its scheme"))
    }
    if scheme.name == "per_tensor_affine", parts.count >= 3, let scale = arena.float(parts[1]),
      let zero = arena.int(parts[2])
    {
      return .perTensor(scale: scale, zeroPoint: zero)
    }
    if scheme.name.hasPrefix("per_channel_affine"), parts.count >= 4, let axis = arena.int(parts[3]),
      axis >= 0
    {
      return .perChannel(axis: axis)
    }
    throw ParseFailure(.unsupported("quantization scheme \(scheme.name)"))
  }

  /// `_rebuild_meta_tensor_no_storage(dtype, size, stride, requires_grad)`: a shape without values.
  private func meta(_ arguments: Arguments) throws(ParseFailure) -> TensorEntry {
    guard let type = arena.global(try arguments(0)).flatMap(TorchTypes.dtype) else {
      throw ParseFailure(.unsupported("a meta tensor of unknown element type"))
    }
    let layout = try StridedLayout(
      shape: try integers(try arguments(1), "size"), strides: try integers(try arguments(2), "stride"))
    return TensorEntry(
      scalarType: type, layout: layout, storage: Storage(id: -1, byteCount: 0, source: nil, label: "meta"))
  }

  /// `_rebuild_sparse_tensor(layout, data)`: the component tensors, by PyTorch's names for them.
  private mutating func sparse(_ arguments: Arguments, depth: Int) throws(ParseFailure) -> Decoded {
    guard let object = arena.object(try arguments(0)),
      let layout = arena.elements(object.arguments)?.first.flatMap({ arena.text($0) }),
      let data = arena.elements(try arguments(1))
    else { throw ParseFailure(.invalid("a sparse tensor without its layout")) }
    let names: [String]
    switch layout {
    case "torch.sparse_coo": names = ["indices", "values"]
    case "torch.sparse_csr", "torch.sparse_bsr": names = ["crow_indices", "col_indices", "values"]
    case "torch.sparse_csc", "torch.sparse_bsc": names = ["ccol_indices", "row_indices", "values"]
    default: throw ParseFailure(.unsupported("sparse layout \(layout)"))
    }
    var parts: [(part: String, tensor: TensorEntry)] = []
    for (index, name) in names.enumerated() {
      guard index < data.count, case .tensors(let inner) = try decode(data[index], depth: depth + 1),
        let tensor = inner.first?.tensor
      else { throw ParseFailure(.invalid("a sparse tensor without its \(name)")) }
      parts.append((name, tensor))
    }
    return .tensors(parts)
  }
}
