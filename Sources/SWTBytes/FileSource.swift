internal import SWTPlatform
internal import Synchronization

/// A regular file, read with `pread`, or mapped for passes over all of it.
public final class FileSource: MappableSource {
  /// Used by calls that copy between files.
  let descriptor: CInt
  public let byteCount: Int
  /// Created on first use.
  private let mapping = Mutex<MappedFile?>(nil)

  /// Opens `path` for reading.
  ///
  /// - Throws: ``ParseFailure``: `.system` if the system refuses; `.unsupported` for a directory, a pipe or a
  ///   device, whose size is unknown, so no bound could be checked.
  public convenience init(path: String) throws(ParseFailure) {
    // O_NONBLOCK: opening a FIFO without a writer must not hang.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw ParseFailure(.system(.last("open"))) }
    try self.init(owning: descriptor)
  }

  /// Takes ownership of an open descriptor.
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
      let isFolder = status.st_mode & S_IFMT == S_IFDIR
      throw ParseFailure(
        .unsupported("\(kind); expected a regular file"),
        hint: isFolder ? nil : "write what comes from a pipe or a device to a file first")
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
          hint: "the file was truncated while it was read")
      }
      done += count
    }
  }

  package func walk(_ range: Range<Int>) throws(ParseFailure) -> MappedWalk? {
    try requireRange(range.lowerBound, range.count)
    let file: MappedFile? = mapping.withLock { made in
      // A file that cannot be mapped can still be read.
      if made == nil { made = try? MappedFile(descriptor: descriptor, byteCount: byteCount) }
      return made
    }
    return file.map { MappedWalk($0, range, of: self) }
  }

  /// Checks that the file still reaches to `end`. Called before mapped bytes are touched, so that a truncated
  /// file is an error instead of `SIGBUS`.
  ///
  /// - Throws: ``ParseFailure`` `.truncated` if it does not.
  func requireLength(_ end: Int) throws(ParseFailure) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw ParseFailure(.system(.last("fstat"))) }
    guard status.st_size >= end else {
      throw ParseFailure(
        .truncated(needed: end, available: Int(status.st_size)), at: Int(status.st_size),
        hint: "the file was truncated while it was read")
    }
  }

  /// Whether `path` names this file now.
  func isFile(at path: String) -> Bool {
    FileIdentity(descriptor: descriptor).map { $0 == FileIdentity(path) } == true
  }
}
