internal import SWTBytes
internal import SWTTensorFiles
internal import SWTTensors

/// Arrays of `joblib.dump`: an object that describes the array, and after it, between two opcodes, the bytes.
///
/// Source: `NumpyArrayWrapper` in joblib/numpy_pickle.py.
enum JoblibArray {
  static let className = "joblib.numpy_pickle.NumpyArrayWrapper"

  /// The size of an array's bytes, and whether padding precedes them.
  ///
  /// - Parameters:
  ///   - id: The object, after its attributes were set.
  ///   - arena: The pickle so far.
  /// - Returns: Nil if the object is not such an array.
  /// - Throws: ``ParseFailure`` if its size is unknown.
  static func layout(
    _ id: NodeID, _ arena: PickleArena
  ) throws(ParseFailure) -> (byteCount: Int, isPadded: Bool)? {
    guard let object = arena.object(id), arena.global(object.callable)?.qualified == className else {
      return nil
    }
    let attributes = arena.attributes(of: id)
    guard let dtype = attributes["dtype"], let type = NumpyTypes.element(dtype, arena)?.type else {
      throw ParseFailure(.unsupported("a joblib array of a type that tensors cannot have"))
    }
    guard let shape = attributes["shape"] else { throw ParseFailure(.invalid("a joblib array has no shape")) }
    var count = type.byteWidth
    for id in arena.elements(shape) ?? [] {
      guard let size = arena.int(id), size >= 0 else {
        throw ParseFailure(.invalid("the shape of a joblib array is not made of sizes"))
      }
      count = try Checked.multiply(count, size, "array size")
    }
    let alignment = attributes["numpy_array_alignment_bytes"]
    return (count, alignment.map { arena.kind($0) != .none } ?? false)
  }
}

/// Element types of NumPy arrays.
enum NumpyTypes {
  /// `numpy.dtype('f4', …)`, with the byte order from its BUILD state; nil if tensors cannot have it.
  static func element(_ id: NodeID, _ arena: PickleArena) -> (type: ScalarType, isBigEndian: Bool)? {
    guard let object = arena.object(id), arena.global(object.callable)?.qualified == "numpy.dtype",
      var code = arena.firstElement(object.arguments).flatMap({ arena.text($0) })
    else { return nil }
    var order = object.state.flatMap { arena.elements($0) }.flatMap { $0.count > 1 ? arena.text($0[1]) : nil }
    if let sign = code.first, "<>|=".contains(sign) {
      order = order ?? String(sign)
      code.removeFirst()
    }
    guard let type = NpyHeader.types[code] else { return nil }
    return (type, order == ">")
  }
}
