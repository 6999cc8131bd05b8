/// What a bulk pass is at: a block of memory that is filled again and again, so that the system hands out no fresh pages
/// for each piece, or a part of a mapped file.
///
/// It belongs to one thread at a time.
@safe
package final class WindowBuffer {
  private let base: UnsafeMutableRawBufferPointer
  /// Bytes that are filled.
  package private(set) var count = 0
  /// Bytes of a file that are shown instead.
  private var shown: (bytes: UnsafeRawBufferPointer, file: MappedFile)?

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
      let bytes = unsafe shown?.bytes ?? UnsafeRawBufferPointer(rebasing: base[..<count])
      return unsafe _overrideLifetime(bytes.bytes, borrowing: self)
    }
  }

  package func removeAll() {
    count = 0
    unsafe shown = nil
  }

  /// Shows the next bytes of a mapped file, which are not copied and cannot be changed.
  ///
  /// - Throws: What ``MappedWalk/next(_:)`` throws.
  package func show(_ walk: inout MappedWalk, count more: Int) throws(ParseFailure) {
    let bytes = unsafe try walk.next(more)
    count = bytes.count
    unsafe shown = (bytes, walk.file)
  }

  /// Adds the bytes of a range of a source.
  ///
  /// - Precondition: They fit.
  package func append(_ source: any ByteSource, at offset: Int, count more: Int) throws(ParseFailure) {
    unsafe precondition(
      shown == nil && more >= 0 && more <= capacity - count, "more bytes than a window holds")
    unsafe try source.read(
      at: offset, into: UnsafeMutableRawBufferPointer(rebasing: base[count..<count + more]))
    count += more
  }

  /// Adds bytes.
  ///
  /// - Precondition: They fit.
  package func append(_ bytes: ArraySlice<UInt8>) {
    unsafe precondition(shown == nil && bytes.count <= capacity - count, "more bytes than a window holds")
    unsafe bytes.withUnsafeBytes { more in
      unsafe UnsafeMutableRawBufferPointer(rebasing: base[count..<count + more.count]).copyMemory(from: more)
    }
    count += bytes.count
  }

  /// Changes the filled part in place.
  ///
  /// - Precondition: It is not that of a file.
  package func modify(_ body: (UnsafeMutableRawBufferPointer) -> Void) {
    unsafe precondition(shown == nil, "a file that is shown is not changed")
    unsafe body(UnsafeMutableRawBufferPointer(rebasing: base[..<count]))
  }

  /// Adds `more` bytes, which `body` writes.
  ///
  /// - Precondition: They fit.
  package func append<R>(_ more: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> R) rethrows -> R {
    unsafe precondition(
      shown == nil && more >= 0 && more <= capacity - count, "more bytes than a window holds")
    let start = count
    count += more
    return try unsafe body(UnsafeMutableRawBufferPointer(rebasing: base[start..<count]))
  }
}
