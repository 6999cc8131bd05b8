internal import SWTBytes
internal import SWTTensors

/// numpy arrays inside a pickle: `_reconstruct` filled by BUILD `(version, shape, dtype, fortran, data)`.
struct NumpyDecoder {
  let arena: PickleArena

  /// Decodes the state of an array.
  func decode<P>(_ state: NodeID) throws(ParseFailure) -> TensorDecoder<P>.Decoded {
    guard let parts = arena.elements(state), parts.count >= 4 else {
      throw ParseFailure(.invalid("a numpy array without its state"))
    }
    // Version 0 had no leading version number.
    let first = parts.count == 5 ? 1 : 0
    guard let shapeIDs = arena.elements(parts[first]) else {
      throw ParseFailure(.invalid("a numpy array without a shape"))
    }
    guard let element = elementType(parts[first + 1]) else {
      return .unreadable("a numpy array of objects or of an unknown type")
    }
    var shape: [Int] = []
    for id in shapeIDs {
      guard let size = arena.int(id) else { throw ParseFailure(.invalid("a numpy shape without numbers")) }
      shape.append(size)
    }
    guard let data = rawData(parts[first + 3]) else {
      return .unreadable("a numpy array whose values are objects")
    }
    let isFortran = arena.bool(parts[first + 2]) ?? false
    var strides: [Int]?
    if isFortran {
      strides = Array(StridedLayout.contiguousStrides(shape.reversed()).reversed())
    }
    let layout = try StridedLayout(shape: shape, strides: strides)
    let needed = try Checked.multiply(layout.elementCount, element.type.byteWidth, "array size")
    guard needed == data.count else {
      throw ParseFailure(.invalid("a numpy array of \(needed) bytes that holds \(data.count)"))
    }
    let storage = Storage(
      id: -2 - Int(state.index), byteCount: data.count, source: MemorySource(data),
      isBigEndian: element.isBigEndian, label: "numpy")
    return .tensors([("", TensorEntry(scalarType: element.type, layout: layout, storage: storage))])
  }

  /// Raw bytes, or text that was Latin-1 once (Python 2, or `_codecs.encode(text, "latin1")`).
  private func rawData(_ id: NodeID) -> [UInt8]? {
    if let object = arena.object(id), arena.global(object.callable)?.qualified == "_codecs.encode",
      let text = arena.elements(object.arguments)?.first
    {
      return PickleText.latin1(arena, text)
    }
    guard let bytes = arena.rawBytes(id) else { return nil }
    return Array(bytes)
  }

  /// `numpy.dtype('f4', …)` with the byte order that BUILD gave it.
  private func elementType(_ id: NodeID) -> (type: ScalarType, isBigEndian: Bool)? {
    guard let object = arena.object(id), arena.global(object.callable)?.qualified == "numpy.dtype",
      let code = arena.elements(object.arguments)?.first.flatMap({ arena.text($0) })
    else { return nil }
    let order = object.state.flatMap { arena.elements($0) }.flatMap { $0.count > 1 ? arena.text($0[1]) : nil }
    guard let type = Self.types[code] else { return nil }
    return (type, order == ">")
  }

  private static let types: [String: ScalarType] = [
    "f2": .float16, "f4": .float32, "f8": .float64, "i1": .int8, "i2": .int16, "i4": .int32, "i8": .int64,
    "u1": .uint8, "u2": .uint16, "u4": .uint32, "u8": .uint64, "b1": .bool, "c8": .complex64,
    "c16": .complex128,
  ]
}

extension PickleText {
  /// The bytes of a text whose characters are all below 256: how protocol 2 writes `bytes`.
  static func latin1(_ arena: PickleArena, _ id: NodeID) -> [UInt8]? {
    guard let text = arena.text(id) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      guard scalar.value < 256 else { return nil }
      bytes.append(UInt8(scalar.value))
    }
    return bytes
  }
}
