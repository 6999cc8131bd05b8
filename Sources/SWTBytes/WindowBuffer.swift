/// A window of a bulk pass: either a block of memory that is filled again and again, which saves the page
/// faults of fresh memory, or a part of a mapped file.
///
/// Belongs to one thread at a time.
@safe
package final class WindowBuffer {
  private let base: UnsafeMutableRawBufferPointer
  /// Bytes in the window.
  package private(set) var count = 0
  /// Bytes of a mapped file that the window shows in place, instead of its own.
  private var shown: (bytes: UnsafeRawBufferPointer, file: MappedFile)?

  /// Creates an empty block of `capacity` bytes.
  package init(capacity: Int) {
    unsafe base = .allocate(byteCount: capacity, alignment: 64)
  }

  deinit { unsafe base.deallocate() }

  package var capacity: Int { unsafe base.count }

  /// The bytes in the window, valid until the next change.
  package var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      let bytes = unsafe shown?.bytes ?? UnsafeRawBufferPointer(rebasing: base[..<count])
      return unsafe _overrideLifetime(bytes.bytes, borrowing: self)
    }
  }

  package func removeAll() {
    count = 0
    unsafe shown = nil
  }

  /// Shows the next bytes of a mapped file in place; they are not copied and cannot be modified.
  ///
  /// - Throws: What ``MappedWalk/next(_:)`` throws.
  package func show(_ walk: inout MappedWalk, count more: Int) throws(ParseFailure) {
    let bytes = unsafe try walk.next(more)
    count = bytes.count
    unsafe shown = (bytes, walk.file)
  }

  /// Appends a range of bytes of a source.
  ///
  /// - Precondition: They fit.
  package func append(_ source: any ByteSource, at offset: Int, count more: Int) throws(ParseFailure) {
    unsafe precondition(
      shown == nil && more >= 0 && more <= capacity - count, "more bytes than fit in the window")
    unsafe try source.read(
      at: offset, into: UnsafeMutableRawBufferPointer(rebasing: base[count..<count + more]))
    count += more
  }

  /// Appends bytes.
  ///
  /// - Precondition: They fit.
  package func append(_ bytes: ArraySlice<UInt8>) {
    unsafe precondition(shown == nil && bytes.count <= capacity - count, "more bytes than fit in the window")
    unsafe bytes.withUnsafeBytes { more in
      unsafe UnsafeMutableRawBufferPointer(rebasing: base[count..<count + more.count]).copyMemory(from: more)
    }
    count += bytes.count
  }

  /// Modifies the bytes in place.
  ///
  /// - Precondition: The window does not show a mapped file.
  package func modify(_ body: (UnsafeMutableRawBufferPointer) -> Void) {
    unsafe precondition(shown == nil, "mapped bytes cannot be modified")
    unsafe body(UnsafeMutableRawBufferPointer(rebasing: base[..<count]))
  }

  /// Appends `more` bytes, which `body` writes.
  ///
  /// - Precondition: They fit.
  package func append<R>(_ more: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> R) rethrows -> R {
    unsafe precondition(
      shown == nil && more >= 0 && more <= capacity - count, "more bytes than fit in the window")
    let start = count
    count += more
    return try unsafe body(UnsafeMutableRawBufferPointer(rebasing: base[start..<count]))
  }
}
