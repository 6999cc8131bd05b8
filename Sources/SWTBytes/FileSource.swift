internal import SWTPlatform
internal import Synchronization

/// A regular file, read with `pread`; mapped for passes over all of it.
public final class FileSource: MappableSource {
  /// For calls that copy between files.
  let descriptor: CInt
  public let byteCount: Int
  /// Made when somebody first asks.
  private let mapping = Mutex<MappedFile?>(nil)

  /// Opens `path` for reading.
  ///
  /// - Throws: ``ParseFailure`` `.system` when the system refuses, `.unsupported` when it is a directory, a
  ///   pipe or a device: their size is unknown, so nothing could be checked against it.
  public convenience init(path: String) throws(ParseFailure) {
    // O_NONBLOCK: opening a FIFO that has no writer must not hang.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw ParseFailure(.system(.last("open"))) }
    try self.init(owning: descriptor)
  }

  /// Takes over an open descriptor, which this object closes.
  package init(owning descriptor: CInt) throws(ParseFailure) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      let failure = SystemFailure.last("fstat")
      _ = close(descriptor)
      throw ParseFailure(.system(failure))
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      _ = close(descriptor)
      let kind = status.st_mode & S_IFMT == S_IFDIR ? "a directory" : "not a regular file"
      throw ParseFailure(.unsupported("\(kind); a checkpoint is a regular file"))
    }
    self.descriptor = descriptor
    byteCount = Int(status.st_size)
  }

  deinit { _ = close(descriptor) }

  public func read(at offset: Int, into destination: UnsafeMutableRawBufferPointer) throws(ParseFailure) {
    try requireRange(offset, destination.count)
    var done = 0
    while done < destination.count {
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: destination[done...])
      let count = unsafe pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
      if count < 0 {
        if errno == EINTR { continue }
        throw ParseFailure(.system(.last("pread")), at: offset + done)
      }
      guard count > 0 else {
        throw ParseFailure(
          .truncated(needed: destination.count, available: done), at: offset,
          hint: "the file became shorter while it was read")
      }
      done += count
    }
  }

  package func walk(_ range: Range<Int>) throws(ParseFailure) -> MappedWalk? {
    try requireRange(range.lowerBound, range.count)
    let file: MappedFile? = mapping.withLock { made in
      // What cannot be mapped can still be read.
      if made == nil { made = try? MappedFile(descriptor: descriptor, byteCount: byteCount) }
      return made
    }
    return file.map { MappedWalk($0, range, of: self) }
  }

  /// Makes sure that the file still reaches to `end`: checked before mapped bytes are touched, a file that became shorter is
  /// an error and no `SIGBUS`.
  ///
  /// - Throws: ``ParseFailure`` `.truncated` when it does not.
  func requireLength(_ end: Int) throws(ParseFailure) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw ParseFailure(.system(.last("fstat"))) }
    guard status.st_size >= end else {
      throw ParseFailure(
        .truncated(needed: end, available: Int(status.st_size)), at: Int(status.st_size),
        hint: "the file became shorter while it was read")
    }
  }
}
