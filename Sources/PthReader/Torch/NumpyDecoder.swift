internal import SWTBytes
internal import SWTTensorFiles
internal import SWTTensors

/// NumPy arrays inside a pickle.
///
/// Source: numpy/core/src/multiarray/methods.c, `array_reduce` and `array_setstate`; `_frombuffer` in
/// numpy/core/numeric.py, used by protocol 5.
struct NumpyDecoder<P: StorageProvider> {
  typealias Decoded = TensorDecoder<P>.Decoded

  let arena: PickleArena
  let limits: ParseLimits

  /// Decodes `_reconstruct(…)` with the BUILD state `(version, shape, dtype, fortran, data)`.
  func decode(state: NodeID) throws(ParseFailure) -> Decoded {
    guard let parts = arena.fewElements(state), parts.count == 5 || parts.count == 4 else {
      throw ParseFailure(.invalid("a NumPy array has no state"))
    }
    // Version 0 had no leading version number.
    let first = parts.count - 4
    return try array(
      data: parts[first + 3], dtype: parts[first + 1], shape: parts[first],
      isFortran: arena.bool(parts[first + 2]) ?? false, id: state)
  }

  /// Decodes `_frombuffer(data, dtype, shape, order)`.
  func decode(buffer arguments: TensorDecoder<P>.Arguments) throws(ParseFailure) -> Decoded {
    let order = try arguments(3)
    return try array(
      data: try arguments(0), dtype: try arguments(1), shape: try arguments(2),
      isFortran: arena.text(order) == "F", id: order)
  }

  /// Decodes an array of joblib, whose attributes are followed by its bytes.
  func decode(joblib id: NodeID) throws(ParseFailure) -> Decoded {
    let attributes = arena.attributes(of: id)
    guard let object = arena.object(id), object.states.count == 2, let dtype = attributes["dtype"],
      let shape = attributes["shape"]
    else { return .unreadable("a joblib array without its bytes") }
    return try array(
      data: object.states[1], dtype: dtype, shape: shape,
      isFortran: attributes["order"].flatMap { arena.text($0) } == "F", id: id)
  }

  private func array(
    data: NodeID, dtype: NodeID, shape: NodeID, isFortran: Bool, id: NodeID
  ) throws(ParseFailure) -> Decoded {
    guard let ids = arena.elements(shape), arena.kind(shape) == .tuple || arena.kind(shape) == .list else {
      throw ParseFailure(.invalid("a NumPy array has no shape"))
    }
    try limits.check(.rank, ids.count)
    guard let element = NumpyTypes.element(dtype, arena) else {
      return .unreadable("a NumPy array of \(typeName(dtype)), which tensors cannot have")
    }
    var sizes: [Int] = []
    for id in ids {
      guard let size = arena.int(id) else {
        throw ParseFailure(.invalid("a NumPy shape is not made of integers"))
      }
      sizes.append(size)
    }
    guard let bytes = try PickleText.rawData(arena, data) else {
      return .unreadable("a NumPy array of objects")
    }
    let strides =
      isFortran ? Array(StridedLayout.contiguousStrides(sizes.reversed()).reversed()) : nil
    let layout = try StridedLayout(shape: sizes, strides: strides)
    let needed = try Checked.multiply(layout.elementCount, element.type.byteWidth, "array size")
    guard needed == bytes.byteCount else {
      throw ParseFailure(.invalid("a NumPy array needs \(needed) bytes, but has \(bytes.byteCount)"))
    }
    let storage = Storage(
      id: -2 - Int(id.index), byteCount: bytes.byteCount, source: bytes, isBigEndian: element.isBigEndian,
      label: "numpy")
    let tensor = TensorEntry(scalarType: element.type, layout: layout, storage: storage)
    return .tensors([TensorDecoder<P>.Part(tensor: tensor)])
  }

  private func typeName(_ id: NodeID) -> String {
    guard let object = arena.object(id),
      let code = arena.firstElement(object.arguments).flatMap({ arena.text($0) })
    else { return "an unknown type" }
    return "dtype '\(code.prefix(40))'"
  }
}
