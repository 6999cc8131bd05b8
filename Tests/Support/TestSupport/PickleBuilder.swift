/// Builds pickles opcode by opcode, including ones that no pickler would write.
package struct PickleBuilder {
  package private(set) var bytes: [UInt8]

  package init(protocol version: UInt8? = 2) { bytes = version.map { [0x80, $0] } ?? [] }

  package func op(_ code: UInt8, _ rest: [UInt8] = []) -> Self {
    var copy = self
    copy.bytes += [code] + rest
    return copy
  }

  package func text(_ text: String) -> Self {
    let utf8 = Array(text.utf8)
    return op(0x58, little(UInt32(utf8.count)) + utf8)
  }

  package func int(_ value: Int64) -> Self {
    op(0x8A, [8] + (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
  }

  package func global(_ module: String, _ name: String) -> Self {
    op(0x63, Array("\(module)\n\(name)\n".utf8))
  }

  /// A tuple of integers.
  package func tuple(_ values: [Int64]) -> Self {
    values.reduce(op(0x28)) { $0.int($1) }.op(0x74)
  }

  package func raw(_ more: [UInt8]) -> Self {
    var copy = self
    copy.bytes += more
    return copy
  }

  /// A storage reference as in zip checkpoints.
  package func storage(_ type: String, key: String, count: Int64) -> Self {
    op(0x28).text("storage").global("torch", type).text(key).text("cpu").int(count).op(0x74).op(0x51)
  }

  /// `_rebuild_tensor_v2(storage, offset, size, stride, False, None)`.
  package func tensor(
    _ type: String = "FloatStorage", key: String = "0", count: Int64, offset: Int64 = 0, size: [Int64],
    stride: [Int64]
  ) -> Self {
    global("torch._utils", "_rebuild_tensor_v2").op(0x28).storage(type, key: key, count: count).int(offset)
      .tuple(size).tuple(stride).op(0x89).op(0x4E).op(0x74).op(0x52)
  }

  package func stop() -> [UInt8] { bytes + [0x2E] }

  private func little(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}

/// Writes uncompressed zip archives whose headers may lie.
package struct ZipBuilder {
  private var body: [UInt8] = []
  private var directory: [UInt8] = []
  private var count = 0

  package init() {}

  /// Adds an entry. `claimed` is the size stated in the headers, `unpacked` the size after inflating if it
  /// differs, `at` the offset stated in the directory.
  package mutating func add(
    _ name: String, _ data: [UInt8], claimed: Int? = nil, unpacked: Int? = nil, crc: UInt32 = 0,
    localName: String? = nil, at place: Int? = nil, method: UInt16 = 0, flags: UInt16 = 0,
    extra: [UInt8] = []
  ) {
    let offset = place ?? body.count
    let packed = UInt32(claimed ?? data.count)
    let size = UInt32(unpacked ?? claimed ?? data.count)
    func header(_ signature: [UInt8], _ name: String, _ extra: [UInt8], _ rest: [UInt8]) -> [UInt8] {
      signature + u16(flags) + u16(method) + u16(0) + u16(0) + u32(crc) + u32(packed) + u32(size)
        + u16(UInt16(name.utf8.count)) + u16(UInt16(extra.count)) + rest + Array(name.utf8) + extra
    }
    body += header([0x50, 0x4B, 3, 4, 20, 0], localName ?? name, extra, []) + data
    directory += header(
      [0x50, 0x4B, 1, 2, 20, 0, 20, 0], name, [],
      u16(0) + u16(0) + u16(0) + u32(0) + u32(UInt32(offset)))
    count += 1
  }

  /// The archive; `entries` is the count stated in the end record, `comment` the bytes after it.
  package func bytes(entries: Int? = nil, directoryOffset: Int? = nil, comment: [UInt8] = []) -> [UInt8] {
    let claimed = UInt16(truncatingIfNeeded: entries ?? count)
    return body + directory + [0x50, 0x4B, 5, 6, 0, 0, 0, 0] + u16(claimed) + u16(claimed)
      + u32(UInt32(directory.count)) + u32(UInt32(truncatingIfNeeded: directoryOffset ?? body.count))
      + u16(UInt16(comment.count)) + comment
  }

  private func u16(_ value: UInt16) -> [UInt8] { [UInt8(value & 0xFF), UInt8(value >> 8)] }
  private func u32(_ value: UInt32) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  /// A PyTorch archive with this pickle and one storage of `floats` zeros.
  package static func checkpoint(_ pickle: [UInt8], floats: Int = 4) -> [UInt8] {
    checkpoint(pickle, storage: [UInt8](repeating: 0, count: floats * 4))
  }

  /// A checkpoint whose storage `0` contains these bytes.
  package static func checkpoint(_ pickle: [UInt8], storage: [UInt8]) -> [UInt8] {
    var zip = ZipBuilder()
    zip.add("archive/data.pkl", pickle)
    zip.add("archive/data/0", storage)
    zip.add("archive/version", Array("3\n".utf8))
    return zip.bytes()
  }
}
