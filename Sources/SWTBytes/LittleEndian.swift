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

  /// The integer at `offset`; bytes after the end count as zeros.
  @inlinable
  package static func load<T: FixedWidthInteger & UnsignedInteger>(
    _: T.Type, _ bytes: [UInt8], at offset: Int
  ) -> T {
    var value: T = 0
    for i in 0..<max(0, min(MemoryLayout<T>.size, bytes.count - offset)) {
      value |= T(truncatingIfNeeded: bytes[offset + i]) << T(truncatingIfNeeded: 8 * i)
    }
    return value
  }
}
