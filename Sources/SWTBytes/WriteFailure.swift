/// Why a file could not be written.
public struct WriteFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// What went wrong.
  public enum Reason: Hashable, Sendable {
    /// A system call failed.
    case system(SystemFailure)
    /// The file exists, and the caller asked not to replace it.
    case exists
    /// The path leads to something that is not a regular file.
    case notRegular
  }

  /// What went wrong.
  public var reason: Reason
  /// The file to be written.
  public var path: String

  /// A failure to write the file at `path`.
  public init(_ reason: Reason, path: String) {
    self.reason = reason
    self.path = path
  }

  public var description: String {
    switch reason {
    case .system(let failure): "\(path): \(failure)"
    case .exists: "\(path): the file exists"
    case .notRegular: "\(path): not a regular file"
    }
  }
}

extension WriteFailure {
  /// Whether the file exists and may not be replaced.
  package var isExisting: Bool { reason == .exists }
}
