/// Paths of the files made by real PyTorch; Fixtures/README.md lists them.
package enum Fixtures {
  /// The repository's `Fixtures` folder, found from this source file.
  package static let folder: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(4)
    return parts.joined(separator: "/") + "/Fixtures"
  }()

  package static func path(_ name: String) -> String { "\(folder)/\(name)" }

  /// Paths of all files in it, at any depth.
  package static var files: [String] { files(in: folder) }

  private static func files(in path: String) -> [String] {
    guard let names = try? listFolder(path) else { return [path] }
    return names.flatMap { files(in: "\(path)/\($0)") }
  }
}
