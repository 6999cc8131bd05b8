internal import SWTPlatform

/// Lists and creates folders.
package enum Folder {
  package enum Kind: Sendable {
    case folder
    /// Size in bytes.
    case file(Int)
    case other
  }

  /// The kind of the file at a path; nil if there is none.
  package static func kind(_ path: String) -> Kind? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFDIR: return .folder
    case S_IFREG: return .file(Int(status.st_size))
    default: return .other
    }
  }

  /// Whether the path is a folder or a link to one.
  package static func exists(_ path: String) -> Bool {
    if case .folder? = kind(path) { true } else { false }
  }

  /// The ID of the file system that a path is on; nil if the path does not exist.
  package static func fileSystem(_ path: String) -> UInt64? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    return UInt64(truncatingIfNeeded: status.st_dev)
  }

  /// Whether the path itself is a symbolic link.
  package static func isLink(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  /// Whether names that differ only in case mean the same file there, as by default on macOS; false if unknown.
  package static func ignoresCase(_ path: String) -> Bool {
    var folder = path
    while !exists(folder), folder != parent(of: folder) { folder = parent(of: folder) }
    return [folder.lowercased(), folder.uppercased()].contains {
      $0 != folder && FileIdentity.areSame($0, folder)
    }
  }

  /// The first symbolic link among the folders between `root` and the last name of `path`, which starts with
  /// `root`; nil if there is none.
  package static func link(above path: String, below root: String) -> String? {
    var links: [String] = []
    var folder = parent(of: path)
    while folder.utf8.count > root.utf8.count, folder != parent(of: folder) {
      if isLink(folder) { links.append(folder) }
      folder = parent(of: folder)
    }
    return links.last
  }

  /// The names in a folder, sorted by their bytes, without `.` and `..`.
  package static func names(in path: String) throws(SystemFailure) -> [String] {
    guard let folder = unsafe opendir(path) else { throw .last("opendir") }
    defer { unsafe closedir(folder) }
    var names: [String] = []
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { raw in
        unsafe String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Creates a folder and the missing ones above it; an existing folder is left alone.
  package static func make(_ path: String) throws(WriteFailure) {
    if exists(path) { return }
    let parent = parent(of: path)
    if parent != path, !parent.isEmpty { try make(parent) }
    guard unsafe mkdir(path, 0o777) != 0 else { return }
    let failure = SystemFailure.last("mkdir")
    // Another process may have been faster.
    guard !exists(path) else { return }
    if kind(path) != nil { throw WriteFailure(.notFolder(path), path: path) }
    throw WriteFailure(creating: path, failure)
  }

  private static let slash = UInt8(ascii: "/")

  /// The bytes of a path without slashes at its end: a mark after a slash would make another character of it.
  private static func withoutEnd(_ path: String) -> Substring.UTF8View {
    var path = path[...].utf8
    while path.count > 1, path.last == slash { path.removeLast() }
    return path
  }

  /// The path before the last name; "." or "/" if there is none.
  package static func parent(of path: String) -> String {
    let path = withoutEnd(path)
    guard let slash = path.lastIndex(of: slash) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash]) ?? "."
  }

  /// The last name of a path.
  package static func name(of path: String) -> String {
    let path = withoutEnd(path)
    guard let slash = path.lastIndex(of: slash) else { return String(path) ?? "" }
    return String(path[path.index(after: slash)...]) ?? ""
  }

  /// `folder/name`.
  package static func join(_ folder: String, _ name: String) -> String {
    folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
  }

  /// Whether a text that a file contains can be the name of a file beside it: not a path that leaves the folder.
  package static func isName(_ text: String) -> Bool {
    !text.isEmpty && text != "." && text != ".."
      && !text.utf8.contains { $0 == 0 || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
  }
}
