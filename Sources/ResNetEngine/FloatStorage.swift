#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// A block of floats aligned for vectors, and for huge pages when it is large.
///
/// Who may write is the owner's business: packed weights are written once, before anyone else sees them;
/// an arena belongs to one engine.
@safe
final class FloatStorage: @unchecked Sendable {
  let count: Int
  /// The floats; contents are undefined until written.
  let base: UnsafeMutablePointer<Float>
  private let raw: UnsafeMutableRawPointer

  init(count: Int) {
    let byteCount = max(count, 1) * MemoryLayout<Float>.stride
    let hugePage = 2 << 20
    let alignment = byteCount >= 2 * hugePage ? hugePage : 64
    self.count = count
    unsafe raw = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: alignment)
    unsafe base = raw.bindMemory(to: Float.self, capacity: max(count, 1))
    #if os(Linux)
      // A hint: fewer page faults while 100 MB of weights are packed.
      if alignment == hugePage { _ = unsafe madvise(raw, byteCount, MADV_HUGEPAGE) }
    #endif
  }

  deinit { unsafe raw.deallocate() }
}
