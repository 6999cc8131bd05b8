package import SWTChecksums

/// The index region in memory: little-endian fields at offsets that the caller has checked.
///
/// An offset out of bounds traps: it would be a bug of this library, never of the file.
package struct IndexBytes: Sendable {
  private let storage: ContiguousArray<UInt8>

  package init(_ storage: ContiguousArray<UInt8>) { self.storage = storage }

  package var count: Int { storage.count }

  package func u8(_ offset: Int) -> UInt8 { storage[offset] }
  package func u16(_ offset: Int) -> UInt16 { load(offset) }
  package func u32(_ offset: Int) -> UInt32 { load(offset) }
  package func u64(_ offset: Int) -> UInt64 { load(offset) }
  package func f32(_ offset: Int) -> Float { Float(bitPattern: load(offset)) }

  package func digest(_ offset: Int) -> SHA256Digest {
    let words = (u64(offset), u64(offset + 8), u64(offset + 16), u64(offset + 24))
    return SHA256Digest(
      a: words.0.byteSwapped, b: words.1.byteSwapped, c: words.2.byteSwapped, d: words.3.byteSwapped)
  }

  package func bytes(_ range: Range<Int>) -> ArraySlice<UInt8> { ArraySlice(storage[range]) }

  package func text(_ range: Range<Int>) -> String { String(decoding: storage[range], as: UTF8.self) }

  /// Calls `body` with a range of the bytes.
  package func withSpan<R>(_ range: Range<Int>, _ body: (RawSpan) -> R) -> R {
    let span = unsafe storage.span.bytes
    return body(span.extracting(range))
  }

  /// Compares two ranges bytewise; the result is negative, zero or positive.
  package func compare(_ a: Range<Int>, _ b: Range<Int>) -> Int {
    unsafe storage.withUnsafeBytes { raw in
      unsafe Self.compare(UnsafeRawBufferPointer(rebasing: raw[a]), UnsafeRawBufferPointer(rebasing: raw[b]))
    }
  }

  /// Compares a range with other bytes.
  package func compare(_ a: Range<Int>, with other: UnsafeRawBufferPointer) -> Int {
    unsafe storage.withUnsafeBytes { raw in
      unsafe Self.compare(UnsafeRawBufferPointer(rebasing: raw[a]), other)
    }
  }

  /// Compares big-endian words of eight bytes, which order like their bytes.
  private static func compare(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
    let shared = min(a.count, b.count)
    var i = 0
    while i + 8 <= shared {
      let x = unsafe UInt64(bigEndian: a.loadUnaligned(fromByteOffset: i, as: UInt64.self))
      let y = unsafe UInt64(bigEndian: b.loadUnaligned(fromByteOffset: i, as: UInt64.self))
      if x != y { return x < y ? -1 : 1 }
      i += 8
    }
    while i < shared {
      let (x, y) = unsafe (a[i], b[i])
      if x != y { return x < y ? -1 : 1 }
      i += 1
    }
    return a.count - b.count
  }

  private func load<T: FixedWidthInteger & BitwiseCopyable>(_ offset: Int) -> T {
    unsafe storage.withUnsafeBytes { raw in
      T(littleEndian: unsafe raw.loadUnaligned(fromByteOffset: offset, as: T.self))
    }
  }
}

/// Whether all bytes are zero.
package func isZero(_ bytes: RawSpan) -> Bool {
  unsafe bytes.withUnsafeBytes { raw in
    var i = 0
    while i + 8 <= raw.count {
      if unsafe raw.loadUnaligned(fromByteOffset: i, as: UInt64.self) != 0 { return false }
      i += 8
    }
    while i < raw.count {
      if unsafe raw[i] != 0 { return false }
      i += 1
    }
    return true
  }
}
