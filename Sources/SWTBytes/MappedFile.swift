internal import SWTPlatform

/// A read-only, private mapping of a whole file; the only caller of `mmap` for files.
///
/// The object owns the mapping: the bytes stay valid as long as it lives. Nothing writes to them, so any
/// number of threads may read.
///
/// - Warning: If another process truncates the file while it is mapped, `SIGBUS` is still possible. Replace
///   files by renaming a new one over them, as ``AtomicFile`` does; never write into a file that may be
///   mapped.
@safe
package final class MappedFile: @unchecked Sendable {
  private let base: UnsafeRawPointer?
  /// Size of the file when it was opened, in bytes.
  package let byteCount: Int

  /// Maps a file; an empty file maps to zero bytes.
  ///
  /// - Throws: ``ParseFailure``: `.system` if the system refuses, `.unsupported` for anything except a
  ///   regular file.
  package convenience init(path: String) throws(ParseFailure) {
    // O_NONBLOCK: opening a FIFO without a writer must not hang.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw ParseFailure(.system(.last("open"))) }
    defer { _ = close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw ParseFailure(.system(.last("fstat"))) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      let kind = status.st_mode & S_IFMT == S_IFDIR ? "a directory" : "not a regular file"
      throw ParseFailure(.unsupported("\(kind); only a regular file can be mapped"))
    }
    guard let size = Int(exactly: status.st_size) else { throw ParseFailure(.overflow("file size")) }
    try self.init(descriptor: descriptor, byteCount: size)
  }

  /// Maps the first `byteCount` bytes of an open file; the descriptor may be closed afterwards.
  ///
  /// - Throws: ``ParseFailure`` `.system` if the system refuses.
  init(descriptor: CInt, byteCount: Int) throws(ParseFailure) {
    self.byteCount = byteCount
    guard byteCount > 0 else {
      unsafe base = nil
      return
    }
    guard let address = unsafe mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0),
      unsafe address != MAP_FAILED
    else { throw ParseFailure(.system(.last("mmap"))) }
    unsafe base = UnsafeRawPointer(address)
  }

  deinit {
    if let base = unsafe base { unsafe munmap(UnsafeMutableRawPointer(mutating: base), byteCount) }
  }

  /// The mapped bytes, valid for as long as this object lives.
  package var buffer: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: base, count: byteCount)
  }

  /// The mapped bytes, valid for as long as this object is borrowed.
  package var bytes: RawSpan {
    @_lifetime(borrow self)
    get { unsafe _overrideLifetime(buffer.bytes, borrowing: self) }
  }

  /// Expected use of a range, for `madvise`.
  package enum Advice: Sendable {
    /// It will be read soon: start now.
    case willNeed
    /// It is read from front to back.
    case sequential
    /// Not needed for now: its pages need not stay resident.
    case release
  }

  /// Gives advice to the system; a refusal costs only speed, so it is not reported.
  package func advise(_ advice: Advice, _ range: Range<Int>? = nil) {
    let range = (range ?? 0..<byteCount).clamped(to: 0..<byteCount)
    guard let base = unsafe base, !range.isEmpty else { return }
    let page = max(Int(getpagesize()), 1)
    let start = range.lowerBound / page * page
    let address = unsafe UnsafeMutableRawPointer(mutating: base + start)
    let flag =
      switch advice {
      case .willNeed: MADV_WILLNEED
      case .sequential: MADV_SEQUENTIAL
      case .release: MADV_DONTNEED
      }
    _ = unsafe madvise(address, range.upperBound - start, CInt(flag))
  }
}
