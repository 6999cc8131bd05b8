internal import SWTPlatform

/// Which file a path leads to, whatever it is called.
package struct FileIdentity: Hashable, Sendable {
  private let device: UInt64
  private let inode: UInt64

  /// `nil` when there is no such file.
  package init?(_ path: String) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    device = UInt64(truncatingIfNeeded: status.st_dev)
    inode = UInt64(truncatingIfNeeded: status.st_ino)
  }

  /// True when both paths lead to one file, or are the same.
  package static func areSame(_ a: String, _ b: String) -> Bool {
    a == b || FileIdentity(a).map { $0 == FileIdentity(b) } == true
  }
}
