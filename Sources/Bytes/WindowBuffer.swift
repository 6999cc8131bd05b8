/// A block of memory that bulk passes fill again and again, so that the system hands out no fresh pages for each piece.
///
/// It belongs to one thread at a time.
@safe
package final class WindowBuffer {
  private let base: UnsafeMutableRawBufferPointer
  /// Bytes that are filled.
  package private(set) var count = 0

  /// A block of `capacity` bytes, with nothing in it.
  package init(capacity: Int) {
    unsafe base = .allocate(byteCount: capacity, alignment: 64)
  }

  deinit { unsafe base.deallocate() }

  package var capacity: Int { unsafe base.count }

  /// The filled part, valid until the next change.
  package var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      unsafe _overrideLifetime(UnsafeRawBufferPointer(rebasing: base[..<count]).bytes, borrowing: self)
    }
  }

  package func removeAll() { count = 0 }

  /// Adds the bytes of a range of a source.
  ///
  /// - Precondition: They fit.
  package func append(_ source: any ByteSource, at offset: Int, count more: Int) throws(ParseFailure) {
    precondition(more >= 0 && more <= capacity - count, "more bytes than a window holds")
    unsafe try source.read(
      at: offset, into: UnsafeMutableRawBufferPointer(rebasing: base[count..<count + more]))
    count += more
  }

  /// Adds bytes.
  ///
  /// - Precondition: They fit.
  package func append(_ bytes: ArraySlice<UInt8>) {
    precondition(bytes.count <= capacity - count, "more bytes than a window holds")
    unsafe bytes.withUnsafeBytes { more in
      unsafe UnsafeMutableRawBufferPointer(rebasing: base[count..<count + more.count]).copyMemory(from: more)
    }
    count += bytes.count
  }

  /// Changes the filled part in place.
  package func modify(_ body: (UnsafeMutableRawBufferPointer) -> Void) {
    unsafe body(UnsafeMutableRawBufferPointer(rebasing: base[..<count]))
  }

  /// Makes `newCount` bytes filled and lets `body` write all of them.
  ///
  /// - Precondition: They fit.
  package func fill<R>(_ newCount: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> R) rethrows -> R {
    precondition(newCount >= 0 && newCount <= capacity, "more bytes than a window holds")
    count = newCount
    return try unsafe body(UnsafeMutableRawBufferPointer(rebasing: base[..<newCount]))
  }
}
