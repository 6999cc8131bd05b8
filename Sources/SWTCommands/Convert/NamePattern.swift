internal import SWTBytes
internal import SWTPlatform

/// A pattern of `--exclude`, with the wildcards of shells: `*`, `?` and `[…]`.
struct NamePattern: Sendable {
  let text: String

  /// Whether the pattern matches a path below the folder of inputs, or the last name of it; a `*` matches `/`
  /// too.
  func matches(_ path: String) -> Bool {
    [path, Folder.name(of: path)].contains { (name: String) in unsafe fnmatch(text, name, 0) == 0 }
  }
}
