internal import SWTPlatform

/// Temporary files of processes that were killed.
///
/// A process holds a lock on each of its temporary files, which ends with the process. A file that can be
/// locked is therefore a leftover.
package enum LeftoverTemporaries {
  /// Removes the leftover temporary files of the files with these names.
  ///
  /// - Parameters:
  ///   - folder: The folder of the files, which need not exist.
  ///   - names: Their names in it.
  /// - Returns: The number of files removed.
  @discardableResult
  package static func remove(in folder: String, of names: Set<String>) -> Int {
    guard let found = try? Folder.names(in: folder) else { return 0 }
    let starts = Set(names.map { ExactString(TemporaryName.start(of: $0)) })
    var count = 0
    for name in found {
      guard let start = TemporaryName.start(ofTemporary: name), starts.contains(ExactString(start)) else {
        continue
      }
      let path = Folder.join(folder, name)
      let descriptor = unsafe open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
      guard descriptor >= 0 else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0, unsafe unlink(path) == 0 { count += 1 }
      _ = close(descriptor)
    }
    return count
  }
}
