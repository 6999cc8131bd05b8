internal import SWTPlatform

/// The identity of the file that a path leads to, whatever its name.
package struct FileIdentity: Hashable, Sendable {
  private let device: UInt64
  private let inode: UInt64

  /// Nil if there is no such file.
  package init?(_ path: String) {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  /// Nil if the descriptor is not open.
  init?(descriptor: CInt) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  private init(_ status: stat) {
    device = UInt64(truncatingIfNeeded: status.st_dev)
    inode = UInt64(truncatingIfNeeded: status.st_ino)
  }

  /// Whether both paths are equal or lead to the same file.
  package static func areSame(_ a: String, _ b: String) -> Bool {
    a == b || FileIdentity(a).map { $0 == FileIdentity(b) } == true
  }
}
