/// Arrays of integers to and from little-endian bytes; the only place that reinterprets them.
package enum LittleEndian {
  /// The integers in `bytes`; leftover bytes at the end are ignored.
  @inlinable
  package static func words<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ bytes: [UInt8], _: T.Type
  ) -> [T] {
    let count = bytes.count / MemoryLayout<T>.size
    var words = unsafe [T](unsafeUninitializedCapacity: count) { destination, initialized in
      unsafe bytes.withUnsafeBytes { source in
        unsafe UnsafeMutableRawBufferPointer(destination).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: source[..<(count * MemoryLayout<T>.size)]))
      }
      initialized = count
    }
    if T(littleEndian: 1) != 1 { for i in words.indices { words[i] = T(littleEndian: words[i]) } }
    return words
  }

  @inlinable
  package static func bytes<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(_ words: [T]) -> [UInt8]
  {
    let ordered = T(littleEndian: 1) == 1 ? words : words.map(\.littleEndian)
    return unsafe ordered.withUnsafeBytes { unsafe Array($0) }
  }

  // One function per size: other modules would call a generic one without specialization.

  /// The integer at `offset`; bytes after the end count as zeros.
  package static func load(_: UInt16.Type, _ bytes: [UInt8], at offset: Int) -> UInt16 {
    UInt16(truncatingIfNeeded: word(bytes, at: offset, size: 2))
  }

  /// The integer at `offset`; bytes after the end count as zeros.
  package static func load(_: UInt32.Type, _ bytes: [UInt8], at offset: Int) -> UInt32 {
    UInt32(truncatingIfNeeded: word(bytes, at: offset, size: 4))
  }

  /// The integer at `offset`; bytes after the end count as zeros.
  package static func load(_: UInt64.Type, _ bytes: [UInt8], at offset: Int) -> UInt64 {
    word(bytes, at: offset, size: 8)
  }

  private static func word(_ bytes: [UInt8], at offset: Int, size: Int) -> UInt64 {
    var value: UInt64 = 0
    for i in 0..<max(0, min(size, bytes.count - offset)) {
      value |= UInt64(bytes[offset + i]) << UInt64(8 * i)
    }
    return value
  }
}
