internal import SWTBytes
internal import SWTTensors

/// Strided tensors: a storage, and the positions of the elements in it.
extension TensorDecoder {
  /// `(storage, offset, size, stride, …)`.
  func strided(
    _ arguments: Arguments, type: ScalarType?, flags: TensorFlags = TensorFlags(), quantizer: Quantizer? = nil
  ) throws(ParseFailure) -> TensorEntry {
    let (storage, storageType) = try storage(try arguments(0), arguments.function)
    guard let type = type ?? storageType else {
      throw ParseFailure(.invalid("\(arguments.function) needs an element type for an untyped storage"))
    }
    guard let offset = arena.int(try arguments(1)) else {
      throw ParseFailure(.invalid("a storage offset is not a number"))
    }
    let layout = try StridedLayout(
      shape: try integers(try arguments(2), "size"), strides: try integers(try arguments(3), "stride"),
      offset: offset)
    return try TensorEntry.checked(
      scalarType: type, layout: layout, storage: storage, flags: flags, quantizer: quantizer, limits: limits)
  }

  /// The storage that a tensor is a view of, and its element type.
  private func storage(
    _ id: NodeID, _ function: String
  ) throws(ParseFailure) -> (Storage, ScalarType?) {
    if let pid = arena.persistentID(id), let reference = try StorageReference(pid, in: arena, &words) {
      return (try provider.storage(reference), reference.scalarType)
    }
    // A tensor pickled without torch.save: its storage is a complete legacy file in a byte string.
    if let whole = try nestedFile(id)?.rootStorage {
      return (whole.storage, whole.scalarType)
    }
    throw ParseFailure(.invalid("\(function) has no storage"))
  }

  /// A storage saved by itself, as a flat tensor of all its elements.
  func bareStorage(_ reference: StorageReference) throws(ParseFailure) -> TensorEntry {
    let storage = try provider.storage(reference)
    let layout = try StridedLayout(
      shape: [reference.view?.count ?? reference.count], strides: nil)
    return try TensorEntry.checked(
      scalarType: reference.scalarType ?? .uint8, layout: layout, storage: storage, limits: limits)
  }

  /// `_rebuild_meta_tensor_no_storage(dtype, size, stride, requires_grad)`: a shape without values.
  func meta(_ arguments: Arguments) throws(ParseFailure) -> TensorEntry {
    let layout = try StridedLayout(
      shape: try integers(try arguments(1), "size"), strides: try integers(try arguments(2), "stride"))
    return TensorEntry(
      scalarType: try elementType(try arguments(0)), layout: layout,
      storage: Storage(id: -1, byteCount: 0, source: nil, label: "meta"))
  }

  /// `_rebuild_nested_tensor(buffer, sizes, strides, storage_offsets)`: the tensors that it consists of.
  func nested(_ arguments: Arguments, depth: Int) throws(ParseFailure) -> Decoded {
    var parts: [Part] = []
    for (index, name) in ["buffer", "sizes", "strides", "storage_offsets"].enumerated() {
      parts.append(Part(name: name, tensor: try component(try arguments(index), name, depth: depth)))
    }
    return .tensors(parts)
  }

  /// A tensor that is a part of another.
  func component(
    _ id: NodeID, _ name: String, depth: Int
  ) throws(ParseFailure) -> TensorEntry {
    guard case .tensors(let inner, _) = try decode(id, depth: depth + 1), inner.count == 1,
      let tensor = inner.first?.tensor
    else { throw ParseFailure(.invalid("it has no tensor \(name)")) }
    return tensor
  }

  // MARK: Small values

  func elementType(_ id: NodeID) throws(ParseFailure) -> ScalarType {
    guard let dtype = arena.global(id) else {
      throw ParseFailure(.invalid("a tensor has no element type"))
    }
    guard let type = TorchTypes.dtype(dtype) else {
      throw ParseFailure(.unsupported("element type \(dtype.qualified)"))
    }
    return type
  }

  /// A tuple, a list or a `torch.Size` of integers.
  func integers(_ id: NodeID, _ what: String) throws(ParseFailure) -> [Int] {
    try arena.integers(id, what, limits: limits)
  }

  /// The metadata dict, such as `{"conj": True}`; an unknown key is refused because its effect on the values
  /// is unknown.
  func flags(_ arguments: Arguments, _ index: Int) throws(ParseFailure) -> TensorFlags {
    var flags = TensorFlags()
    guard index < arguments.ids.count, arena.kind(arguments.ids[index]) != .none else { return flags }
    let id = arguments.ids[index]
    guard arena.kind(id) == .dict, let items = arena.elements(id) else {
      throw ParseFailure(.invalid("the tensor metadata are not a dict"))
    }
    for i in stride(from: 0, to: items.count - 1, by: 2) {
      switch arena.text(items[i]) {
      // PyTorch tests only that the key exists, never its value (torch/csrc/jit/serialization/pickler.h).
      case "conj": flags.isConjugated = true
      case "neg": flags.isNegated = true
      default: throw ParseFailure(.unsupported("unknown tensor metadata \(arena.text(items[i]) ?? "?")"))
      }
    }
    return flags
  }
}

/// Transformations of the stored values.
struct TensorFlags {
  var isConjugated = false
  var isNegated = false
}

extension TensorEntry {
  /// A view that was checked to be within its storage.
  static func checked(
    scalarType: ScalarType, layout: StridedLayout, storage: Storage, flags: TensorFlags = TensorFlags(),
    quantizer: Quantizer? = nil, limits: ParseLimits
  ) throws(ParseFailure) -> TensorEntry {
    try limits.check(.rank, layout.shape.count)
    if scalarType.packedBits != nil, layout.elementCount > 0,
      layout.offset != 0 || !layout.isContiguous
    {
      throw ParseFailure(.unsupported("a strided view of elements that share bytes (\(scalarType.rawValue))"))
    }
    guard let needed = scalarType.byteCount(elements: layout.requiredElements),
      needed <= storage.byteCount
    else {
      throw ParseFailure(
        .invalid(
          "a view of shape \(layout.shape) needs \(layout.requiredElements) elements of storage "
            + "'\(storage.label)', which has \(storage.byteCount / scalarType.byteWidth)"))
    }
    return TensorEntry(
      scalarType: scalarType, layout: layout, storage: storage, isConjugated: flags.isConjugated,
      isNegated: flags.isNegated, quantizer: quantizer)
  }
}
