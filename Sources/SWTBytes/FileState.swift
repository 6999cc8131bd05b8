internal import SWTPlatform

/// Which file a path leads to, its size and its times: as long as this stays the same, so do its bytes.
///
/// Times have the resolution of the file system's clock, a few milliseconds, so a change in the same tick as the
/// opening can be missed; so can a write through a shared mapping until the system records it.
package struct FileState: Hashable, Sendable {
  private let device, inode, size: UInt64
  private let modified, changed: [Int64]
  let isRegular: Bool

  /// Nil if there is no such file.
  package init?(_ path: String) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  init(_ status: stat) {
    device = UInt64(truncatingIfNeeded: status.st_dev)
    inode = UInt64(truncatingIfNeeded: status.st_ino)
    size = UInt64(truncatingIfNeeded: status.st_size)
    isRegular = status.st_mode & S_IFMT == S_IFREG
    #if canImport(Darwin)
      let (modification, change) = (status.st_mtimespec, status.st_ctimespec)
    #else
      let (modification, change) = (status.st_mtim, status.st_ctim)
    #endif
    modified = [Int64(modification.tv_sec), Int64(modification.tv_nsec)]
    changed = [Int64(change.tv_sec), Int64(change.tv_nsec)]
  }
}

/// Files as they were before they were read, to detect changes since.
package struct WatchedFiles: Sendable {
  private var files: [(path: String, state: FileState?)] = []

  package init(_ paths: [String] = []) {
    for path in paths { add(path) }
  }

  /// Those of `paths` that are regular files: folders and pipes change when they are used.
  package init(regular paths: [String]) {
    for path in paths where (FileState(path)?.isRegular) == true { add(path) }
  }

  /// Number of files.
  package var count: Int { files.count }

  /// Adds a file; must be called before it is opened.
  package mutating func add(_ path: String) { files.append((path, FileState(path))) }

  /// Checks that every path still leads to the same, unchanged file.
  ///
  /// - Throws: ``ParseFailure`` with the path if one does not.
  package func requireUnchanged() throws(ParseFailure) {
    for file in files where FileState(file.path) != file.state {
      throw ParseFailure(
        .invalid("it was changed or replaced while it was read"), in: [file.path],
        hint: "try again when no other program writes to it")
    }
  }
}
