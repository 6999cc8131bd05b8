internal import SWTPlatform

/// Temporary files of processes that were killed.
///
/// A process holds a lock on each of its temporary files, which ends with the process. A file that can be
/// locked is therefore a leftover.
package enum LeftoverTemporaries {
  private static let mark = ".tmp-"
  private static let suffixLength = 13

  /// Removes the leftover temporary files of the files with these names.
  ///
  /// - Parameters:
  ///   - folder: The folder of the files, which need not exist.
  ///   - names: Their names in it.
  /// - Returns: The number of files removed.
  @discardableResult
  package static func remove(in folder: String, of names: Set<String>) -> Int {
    guard let found = try? Folder.names(in: folder) else { return 0 }
    var count = 0
    for name in found {
      guard let target = target(of: name), names.contains(target) else { continue }
      let path = Folder.join(folder, name)
      let descriptor = unsafe open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
      guard descriptor >= 0 else { continue }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0, unsafe unlink(path) == 0 { count += 1 }
      _ = close(descriptor)
    }
    return count
  }

  /// The name of the file for which a temporary file of this name was made; nil for any other name.
  private static func target(of name: String) -> String? {
    let bytes = Array(name.utf8)
    let end = bytes.count - suffixLength - mark.utf8.count
    guard end > 0, bytes[end..<end + mark.utf8.count].elementsEqual(mark.utf8),
      bytes[(end + mark.utf8.count)...].allSatisfy({
        (0x30...0x39).contains($0) || (0x61...0x7A).contains($0)
      })
    else { return nil }
    return String(decoding: bytes[..<end], as: UTF8.self)
  }
}
