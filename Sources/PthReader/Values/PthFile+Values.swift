public import SWTBytes
package import SWTTensorFiles
internal import SWTTensors

extension PthFile {
  /// The values of a tensor as float32, row-major: exact for float32, float16, bfloat16, float8 and small
  /// integers; float64 and large integers are rounded once, to nearest.
  ///
  /// For quantized tensors these are the integers; ``TensorEntry/quantizer`` has the scales.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` if there is no such tensor, or its values are not real numbers,
  ///   cannot be read, or are damaged.
  public func floats(_ name: String) throws(ParseFailure) -> [Float] { try floats(of: tensor(named: name)) }

  /// The values of a tensor as float32; see ``floats(_:)``.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure``, as ``floats(_:)`` does.
  public func floats(of tensor: TensorEntry) throws(ParseFailure) -> [Float] {
    guard tensor.scalarType == .float32 else { return try doubles(of: tensor).map { Float($0) } }
    let count = tensor.layout.elementCount
    var floats: [Float] = []
    var failure: ParseFailure?
    try admit(tensor)
    unsafe floats = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(ParseFailure) {
        unsafe try fill(UnsafeMutableRawBufferPointer(buffer), with: tensor)
        initialized = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return floats
  }

  /// The values of a tensor as float64, row-major; exact except for integers beyond 2⁵³.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure``, as ``floats(_:)`` does.
  public func doubles(of tensor: TensorEntry) throws(ParseFailure) -> [Double] {
    var numbers: [Double] = []
    try forEachWindow(of: tensor) { (window) throws(ParseFailure) in
      numbers += try ElementCoding.doubles(window, tensor.scalarType)
    }
    return numbers
  }

  /// The bytes of a tensor's values: contiguous, row-major, little-endian, with conj and neg bits applied.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` if the values cannot be read or are damaged.
  public func bytes(of tensor: TensorEntry) throws(ParseFailure) -> [UInt8] {
    var bytes: [UInt8] = []
    try forEachWindow(of: tensor) { (window) throws(ParseFailure) in bytes += window }
    return bytes
  }

  /// The bytes of a tensor's values, by name.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` if there is no such tensor, or its values cannot be read or are
  ///   damaged.
  public func bytes(_ name: String) throws(ParseFailure) -> [UInt8] { try bytes(of: tensor(named: name)) }

  /// Calls `body` with the bytes of a tensor's values, in windows of whole elements and at most 4 MiB, so
  /// memory does not depend on the size of the tensor.
  ///
  /// - Throws: What `body` throws; ``/SWTBytes/ParseFailure`` if the values cannot be read or are damaged,
  ///   which may be detected only after the last window.
  public func forEachWindow(
    of tensor: TensorEntry, _ body: ([UInt8]) throws(ParseFailure) -> Void
  ) throws(ParseFailure) {
    var reader = try reader(of: tensor)
    let window = WindowBuffer(capacity: reader.windowBytes)
    while try reader.next(into: window) { try body(unsafe window.bytes.withUnsafeBytes { unsafe Array($0) }) }
  }

  /// Copies the bytes of a tensor's values into memory of the caller: contiguous, row-major, little-endian, with
  /// conj and neg bits applied.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` if `destination` does not have the size of the values, or they cannot
  ///   be read or are damaged; the memory may then have been written in part.
  @unsafe
  public func read(
    _ tensor: TensorEntry, into destination: UnsafeMutableRawBufferPointer
  ) throws(ParseFailure) {
    guard destination.count == tensor.byteCount else {
      throw ParseFailure(
        .invalid("memory for \(destination.count) bytes; the values have \(tensor.byteCount)"),
        in: ["tensor \(tensor.name)"])
    }
    unsafe try fill(destination, with: tensor)
  }

  /// Copies all values into memory of exactly their size.
  private func fill(
    _ destination: UnsafeMutableRawBufferPointer, with tensor: TensorEntry
  ) throws(ParseFailure) {
    var reader = try reader(of: tensor, windowBytes: TensorWindows.cachedBytes)
    let window = WindowBuffer(capacity: reader.windowBytes)
    var done = 0
    while try reader.next(into: window) {
      guard window.count <= destination.count - done else {
        throw ParseFailure(
          .invalid("more values than its type and shape have"), in: ["tensor \(tensor.name)"])
      }
      unsafe window.bytes.withUnsafeBytes { bytes in
        unsafe UnsafeMutableRawBufferPointer(rebasing: destination[done..<done + bytes.count]).copyMemory(
          from: bytes)
      }
      done += window.count
    }
  }
}

extension PthFile {
  /// A tensor's type, shape and bytes.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure``, as ``bytes(of:)`` does.
  package func data(of tensor: TensorEntry) throws(ParseFailure) -> TensorData {
    try TensorData(type: tensor.scalarType, shape: tensor.shape, bytes: try bytes(of: tensor))
  }
}
