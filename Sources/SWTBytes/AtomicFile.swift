internal import SWTPlatform

/// A file that appears whole or not at all; the only writer of user files.
///
/// Bytes go to `<name>.tmp-<random>` in the same folder. ``commit()`` makes them durable and renames them over
/// the name; without it the temporary goes away with this object. So a crash, a full disk or a second writer
/// leaves the old file or the new one, never half of one, and a reader that has the old one mapped keeps it.
///
/// Any number of threads may write at positions of their own; everything else belongs to the thread that made it.
package final class AtomicFile: @unchecked Sendable {
  /// The path that the caller gave.
  package let path: String
  /// Where the link at ``path`` leads, or the same path.
  private let target: String
  /// Where the bytes are until ``commit()``.
  package let temporary: String
  private let replaceExisting: Bool
  private(set) var descriptor: CInt
  private var ticket: LiveTemporaries.Ticket?
  /// Bytes from the start of the file to the end of the last ``write(_:)``.
  package private(set) var position = 0

  /// Opens the temporary file.
  ///
  /// - Parameters:
  ///   - path: The file to make. A symbolic link is followed, so that it stays a link.
  ///   - replaceExisting: False refuses when the file is there, now or at ``commit()``.
  /// - Throws: ``WriteFailure``.
  package init(path: String, replaceExisting: Bool = true) throws(WriteFailure) {
    var destination = path
    var mode: mode_t?
    var status = stat()
    if unsafe stat(path, &status) == 0 {
      guard replaceExisting else { throw WriteFailure(.exists, path: path) }
      guard status.st_mode & S_IFMT == S_IFREG else { throw WriteFailure(.notRegular, path: path) }
      mode = status.st_mode & 0o7777
      destination = Self.resolved(path) ?? path
    } else if errno == ENOENT, let link = Self.linkTarget(path) {
      // A link to a file that does not exist yet: make that file.
      destination = link
    }
    var failure = SystemFailure(call: "open", code: EEXIST)
    for _ in 0..<100 {
      let name = "\(destination).tmp-\(Self.randomSuffix())"
      var code: CInt = 0
      let (ticket, opened) = LiveTemporaries.register(name) {
        let opened = unsafe open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        code = errno
        return opened
      }
      guard opened >= 0 else {
        failure = SystemFailure(call: "open", code: code)
        if failure.code == EEXIST || failure.code == EINTR { continue }
        break
      }
      guard Self.claim(opened) else {
        // Somebody who tidies up was faster and took it for a leftover.
        _ = close(opened)
        LiveTemporaries.remove(ticket)
        continue
      }
      // open() applied the umask. A file that is replaced keeps its own mode; best effort, it may not be ours.
      if let mode { _ = fchmod(opened, mode) }
      self.path = path
      self.replaceExisting = replaceExisting
      target = destination
      temporary = name
      descriptor = opened
      self.ticket = ticket
      return
    }
    throw WriteFailure(.system(failure), path: path)
  }

  deinit { abort() }

  /// Locks a new temporary, so that ``LeftoverTemporaries`` knows that its process lives; false when it is gone.
  private static func claim(_ descriptor: CInt) -> Bool {
    // File systems without locks have no one who tidies up by them either.
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0 { return errno != EWOULDBLOCK }
    var status = stat()
    return unsafe fstat(descriptor, &status) != 0 || status.st_nlink > 0
  }

  /// Appends bytes.
  package func write(_ bytes: RawSpan) throws(WriteFailure) {
    try write(bytes, at: position)
    position += bytes.byteCount
  }

  /// Appends an array.
  package func write(_ bytes: [UInt8]) throws(WriteFailure) {
    try unsafe bytes.withUnsafeBufferPointer { (buffer) throws(WriteFailure) in
      try write(unsafe buffer.span.bytes)
    }
  }

  /// Writes bytes at a position, without moving the end of the appended part.
  package func write(_ bytes: RawSpan, at offset: Int) throws(WriteFailure) {
    try unsafe bytes.withUnsafeBytes { (buffer) throws(WriteFailure) in
      var done = 0
      while done < buffer.count {
        let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[done...])
        let count = unsafe pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
        if count < 0 && errno == EINTR { continue }
        // A regular file takes at least one byte or gives a reason.
        guard count > 0 else {
          throw failure(count < 0 ? .last("write") : SystemFailure(call: "write", code: ENOSPC))
        }
        done += count
      }
    }
  }

  /// Writes an array at a position.
  package func write(_ bytes: [UInt8], at offset: Int) throws(WriteFailure) {
    try unsafe bytes.withUnsafeBufferPointer { (buffer) throws(WriteFailure) in
      try write(unsafe buffer.span.bytes, at: offset)
    }
  }

  /// Reads back what was written.
  package func read(at offset: Int, into destination: UnsafeMutableRawBufferPointer) throws(WriteFailure) {
    var done = 0
    while done < destination.count {
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: destination[done...])
      let count = unsafe pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw failure(count < 0 ? .last("read") : .init(call: "read", code: EIO)) }
      done += count
    }
  }

  /// Waits until the bytes so far are on the disk.
  package func synchronize() throws(WriteFailure) {
    while fsync(descriptor) != 0 {
      // EINVAL: the file system (some network and pseudo ones) has no such notion.
      if errno == EINVAL || errno == ENOTSUP { return }
      guard errno == EINTR else { throw failure(.last("fsync")) }
    }
  }

  /// Makes the file durable and gives it its name.
  package func commit() throws(WriteFailure) {
    precondition(descriptor >= 0, "commit() twice, or after abort()")
    try synchronize()
    if replaceExisting {
      guard unsafe rename(temporary, target) == 0 else { throw failure(.last("rename")) }
    } else {
      // link() is the rename that fails when the name is taken meanwhile.
      guard unsafe link(temporary, target) == 0 else {
        if errno == EEXIST { throw WriteFailure(.exists, path: path) }
        try renameWithoutLinks()
        return
      }
      _ = unsafe unlink(temporary)
    }
    forget()
    Self.synchronizeFolder(of: target)
  }

  /// Removes the temporary; nothing happens after ``commit()``.
  package func abort() {
    guard descriptor >= 0 else { return }
    _ = unsafe unlink(temporary)
    forget()
  }

  /// For file systems without hard links: the look and the rename are two steps, nearly as good.
  private func renameWithoutLinks() throws(WriteFailure) {
    guard unsafe access(target, F_OK) != 0 else { throw WriteFailure(.exists, path: path) }
    guard unsafe rename(temporary, target) == 0 else { throw failure(.last("rename")) }
    forget()
    Self.synchronizeFolder(of: target)
  }

  private func forget() {
    _ = close(descriptor)
    descriptor = -1
    if let ticket { LiveTemporaries.remove(ticket) }
    ticket = nil
  }

  private func failure(_ system: SystemFailure) -> WriteFailure { WriteFailure(.system(system), path: path) }
}

extension AtomicFile {
  private static func randomSuffix() -> String {
    let text = String(UInt64.random(in: 0...UInt64.max), radix: 36)
    return String(repeating: "0", count: 13 - text.utf8.count) + text
  }

  /// The absolute path without links.
  private static func resolved(_ path: String) -> String? {
    guard let name = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(name) }
    return unsafe String(cString: name)
  }

  /// The path that a dangling link names; nil when `path` is not a link.
  private static func linkTarget(_ path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = unsafe buffer.withUnsafeMutableBytes { raw in
      guard let base = unsafe raw.bindMemory(to: CChar.self).baseAddress else { return 0 }
      return unsafe readlink(path, base, raw.count)
    }
    guard count > 0, count < buffer.count else { return nil }
    let link = String(decoding: buffer[..<count], as: UTF8.self)
    return link.hasPrefix("/") ? link : folder(of: path) + "/" + link
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Makes the new name durable; the bytes already are, so a refusal is not worth a failure.
  private static func synchronizeFolder(of path: String) {
    let descriptor = unsafe open(folder(of: path), O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = fsync(descriptor)
    _ = close(descriptor)
  }
}
