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
    /// The folder that the file would be in does not exist.
    case noFolder(String)
    /// A part of the path before the last name is not a folder.
    case notFolder(String)
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
    case .noFolder(let folder): "\(path): the folder \(folder) does not exist"
    case .notFolder(let file): "\(path): \(file) is not a folder"
    }
  }
}

extension WriteFailure {
  /// A failure of a call that creates the file at `path`: what is wrong with its folder, if that is why,
  /// otherwise what the system said. `target` is the file that was to be created, if `path` is a link to it.
  package init(creating path: String, at target: String? = nil, _ failure: SystemFailure) {
    self.init(.system(failure), path: path)
    guard failure.isMissing else { return }
    let folder = Folder.parent(of: target ?? path)
    var part = folder
    while Folder.kind(part) == nil, Folder.parent(of: part) != part { part = Folder.parent(of: part) }
    switch Folder.kind(part) {
    case .file?, .other?: reason = .notFolder(part)
    case .folder? where part != folder: reason = .noFolder(folder)
    default: break
    }
  }

  /// Whether the file exists and may not be replaced.
  package var isExisting: Bool { reason == .exists }
}
