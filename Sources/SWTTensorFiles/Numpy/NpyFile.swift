package import SWTBytes
internal import SWTTensors

/// Reads and writes `.npy` files.
package enum NpyFile {
  /// Whether the file starts with numpy's magic.
  package static func recognizes(_ source: any ByteSource) -> Bool { NpyHeader.recognizes(source) }

  /// The array, converted to row-major and little-endian order.
  package static func read(
    _ source: any ByteSource, limits: ParseLimits = ParseLimits()
  ) throws(ParseFailure) -> TensorData {
    let header = try NpyHeader(source, limits: limits)
    var bytes = try source.bytes(at: header.dataOffset, count: header.byteCount)
    if header.isBigEndian { reverse(&bytes, unit: header.type.swapWidth) }
    if header.isFortran, header.shape.count > 1 {
      bytes = rowMajor(bytes, shape: header.shape, width: header.type.byteWidth)
    }
    return try TensorData(type: header.type, shape: header.shape, bytes: bytes)
  }

  /// Writes the file to `sink`: the same bytes as `numpy.save`.
  ///
  /// - Throws: ``ParseFailure`` `.unsupported` for a type that numpy lacks, and whatever the sink throws.
  package static func write(_ data: TensorData, to sink: ByteSink) throws {
    try sink(try header(data))
    if !data.bytes.isEmpty { try sink(data.bytes) }
  }

  /// The whole file.
  package static func bytes(_ data: TensorData) throws(ParseFailure) -> [UInt8] {
    try header(data) + data.bytes
  }

  static func header(_ data: TensorData) throws(ParseFailure) -> [UInt8] {
    guard let code = NpyHeader.types.first(where: { $0.value == data.type })?.key else {
      throw ParseFailure(.unsupported("numpy has no type for \(data.type.rawValue)"))
    }
    let descr = (data.type.byteWidth == 1 ? "|" : "<") + code
    let sizes = data.shape.map(String.init)
    let shape = sizes.count == 1 ? "(\(sizes[0]),)" : "(\(sizes.joined(separator: ", ")))"
    var text = "{'descr': '\(descr)', 'fortran_order': False, 'shape': \(shape), }"
    // numpy reserves room for the first dimension to grow to 21 digits, so that a file can be appended to.
    if let first = sizes.first { text += String(repeating: " ", count: 21 - first.utf8.count) }
    text += String(repeating: " ", count: 64 - (10 + text.utf8.count + 1) % 64) + "\n"
    guard let size = UInt16(exactly: text.utf8.count) else {
      throw ParseFailure(.unsupported("an array with \(sizes.count) dimensions"))
    }
    var header = NpyHeader.magic + [1, 0]
    ElementCoding.append(size, to: &header)
    return header + text.utf8
  }

  private static func reverse(_ bytes: inout [UInt8], unit: Int) {
    guard unit > 1 else { return }
    for start in stride(from: 0, to: bytes.count, by: unit) {
      for i in 0..<unit / 2 { bytes.swapAt(start + i, start + unit - 1 - i) }
    }
  }

  /// Reorders elements from Fortran order, in which the first index varies fastest.
  private static func rowMajor(_ bytes: [UInt8], shape: [Int], width: Int) -> [UInt8] {
    guard !bytes.isEmpty else { return bytes }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    // Strides cannot overflow, because the array is in memory.
    let strides = Array(StridedLayout.contiguousStrides(shape.reversed()).reversed())
    var index = [Int](repeating: 0, count: shape.count)
    var element = 0
    while result.count < bytes.count {
      for i in 0..<width { result.append(bytes[element * width + i]) }
      for dimension in shape.indices.reversed() {
        index[dimension] += 1
        element += strides[dimension]
        if index[dimension] < shape[dimension] { break }
        element -= shape[dimension] * strides[dimension]
        index[dimension] = 0
      }
    }
    return result
  }
}
