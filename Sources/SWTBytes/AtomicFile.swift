internal import SWTPlatform

/// A file that appears complete or not at all; every file for the user is written by it.
///
/// The bytes go to `<name>.pth2swt-tmp-<random>` in the same folder. ``commit()`` makes them durable and renames the
/// file; without it the temporary file is removed with this object. After a crash, a full disk or a race with
/// another writer there is the old file or the new one, never a part of one, and a process that has the old
/// one mapped keeps it.
///
/// Several threads may call the methods that write at an offset; everything else must be called by the thread
/// that created the object.
package final class AtomicFile: @unchecked Sendable {
  /// The path that the caller gave.
  package let path: String
  /// The target of the link at ``path``, or ``path`` itself.
  private let target: String
  /// The file with the bytes until ``commit()``.
  package let temporary: String
  private let replaceExisting: Bool
  private(set) var descriptor: CInt
  private var ticket: LiveTemporaries.Ticket?
  /// End of the last ``write(_:)``, in bytes from the start of the file.
  package private(set) var position = 0

  /// Creates the temporary file.
  ///
  /// - Parameters:
  ///   - path: The file to write.
  ///   - replaceExisting: If false, an existing file is an error, now and in ``commit()``.
  ///   - followsLinks: Whether a symbolic link at `path` is followed and stays a link, as for names that the
  ///     user gave. Otherwise the link itself counts as the existing file, as for names that a program derives:
  ///     the folder's owner may have put a link there.
  /// - Throws: ``WriteFailure``.
  package init(
    path: String, replaceExisting: Bool = true, followsLinks: Bool = true
  ) throws(WriteFailure) {
    var destination = path
    var mode: mode_t?
    var status = stat()
    if !followsLinks, Folder.isLink(path) {
      guard replaceExisting else { throw WriteFailure(.exists, path: path) }
    } else if unsafe stat(path, &status) == 0 {
      guard replaceExisting else { throw WriteFailure(.exists, path: path) }
      guard status.st_mode & S_IFMT == S_IFREG else { throw WriteFailure(.notRegular, path: path) }
      mode = status.st_mode & 0o7777
      destination = Self.resolved(path) ?? path
    } else if errno == ENOENT, let link = Self.linkTarget(path) {
      // A link to a file that does not exist yet: create that file.
      destination = link
    }
    var failure = SystemFailure(call: "open", code: EEXIST)
    for _ in 0..<100 {
      let name = TemporaryName.random(for: destination)
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
        // A concurrent cleanup took it for a leftover and removed it.
        _ = close(opened)
        LiveTemporaries.remove(ticket)
        continue
      }
      // open() applied the umask. A replaced file keeps its mode; errors are ignored because it may have
      // another owner.
      if let mode { _ = fchmod(opened, mode) }
      self.path = path
      self.replaceExisting = replaceExisting
      target = destination
      temporary = name
      descriptor = opened
      self.ticket = ticket
      return
    }
    throw WriteFailure(creating: path, at: destination, failure)
  }

  deinit { abort() }

  /// Locks a new temporary file, which tells ``LeftoverTemporaries`` that its process is alive; false if it
  /// is gone.
  private static func claim(_ descriptor: CInt) -> Bool {
    // On file systems without locks, cleanup cannot lock and removes nothing either.
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

  /// Writes bytes at an offset; ``position`` stays.
  package func write(_ bytes: RawSpan, at offset: Int) throws(WriteFailure) {
    try unsafe bytes.withUnsafeBytes { (buffer) throws(WriteFailure) in
      var done = 0
      while done < buffer.count {
        let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[done...])
        let count = unsafe pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
        if count < 0 && errno == EINTR { continue }
        // Writing to a regular file writes at least one byte or fails.
        guard count > 0 else {
          throw failure(count < 0 ? .last("write") : SystemFailure(call: "write", code: ENOSPC))
        }
        done += count
      }
    }
  }

  /// Writes an array at an offset.
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

  /// Waits until all bytes written so far are on disk.
  package func synchronize() throws(WriteFailure) {
    while fsync(descriptor) != 0 {
      // EINVAL: this file system (some network and pseudo file systems) cannot sync.
      if errno == EINVAL || errno == ENOTSUP { return }
      guard errno == EINTR else { throw failure(.last("fsync")) }
    }
  }

  /// Makes the file durable and gives it its final name.
  package func commit() throws(WriteFailure) {
    precondition(descriptor >= 0, "commit() twice, or after abort()")
    try synchronize()
    if replaceExisting {
      guard unsafe rename(temporary, target) == 0 else { throw failure(.last("rename")) }
    } else {
      // Unlike rename(), link() fails if the name exists.
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

  /// Removes the temporary file; does nothing after ``commit()``.
  package func abort() {
    guard descriptor >= 0 else { return }
    _ = unsafe unlink(temporary)
    forget()
  }

  /// For file systems without hard links: checks, then renames; a small race remains.
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
  /// The absolute path with all links resolved.
  private static func resolved(_ path: String) -> String? {
    guard let name = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(name) }
    return unsafe String(cString: name)
  }

  /// The target of a dangling link; nil if `path` is not a link.
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

  /// Makes the new name durable; the data already is, so an error is ignored.
  private static func synchronizeFolder(of path: String) {
    let descriptor = unsafe open(folder(of: path), O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    _ = fsync(descriptor)
    _ = close(descriptor)
  }
}
