internal import SWT
internal import SWTChecksums
internal import SWTDigests

/// The SHA-256 of a tensor's values in row-major order, whatever the order in which a file stores them.
enum RowMajorDigest {
  /// Nil for a file without digests, for damaged values, and for elements smaller than a byte in another order.
  static func of(_ info: TensorInfo, _ file: SWTFile) -> SHA256Digest? {
    guard !info.isRowMajor else { return file.digest(info.index) }
    guard file.digest(info.index) != nil, let view = try? file.view(info.index), view.dtype.bitWidth % 8 == 0,
      info.elementCount > 0
    else { return nil }
    let bytes = unsafe view.withUnsafeBytes { unsafe Array($0) }
    let width = view.dtype.bitWidth / 8
    let (shape, strides) = (info.shape, info.strides)
    var index = [Int](repeating: 0, count: shape.count)
    var sorted: [UInt8] = []
    sorted.reserveCapacity(bytes.count)
    for _ in 0..<info.elementCount {
      let place = zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 } * width
      sorted += bytes[place..<place + width]
      for axis in shape.indices.reversed() {
        index[axis] += 1
        if index[axis] < shape[axis] { break }
        index[axis] = 0
      }
    }
    return SystemDigests().sha256(sorted)
  }
}
