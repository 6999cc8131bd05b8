internal import SWTBytes
internal import SWTTensors

extension PthFile {
  /// Where a tensor's values are in the file at ``path``, if they are stored there byte for byte as
  /// ``read(_:into:)`` returns them: for programs that map the file themselves.
  ///
  /// - Returns: The offset in bytes; nil for compressed, strided, big-endian or conjugated values, for values in
  ///   another file of a sharded checkpoint, for a tensor without values, and if the path names another file
  ///   now.
  public func offset(of tensor: TensorEntry) -> Int? {
    guard tensor.isVerbatim, tensor.byteCount > 0, let source = tensor.storage.source as? any MappableSource,
      let start = try? Checked.multiply(tensor.layout.offset, tensor.scalarType.byteWidth, "offset"),
      let walk = try? source.walk(start..<start + tensor.byteCount), walk.isFile(at: path)
    else { return nil }
    return walk.position
  }
}
