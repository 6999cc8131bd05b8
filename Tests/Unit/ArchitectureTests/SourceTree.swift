import TestSupport

/// The files of the repository, found from this one.
enum SourceTree {
  /// Package.swift's folder.
  static let root: String = {
    var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    parts.removeLast(4)
    return parts.joined(separator: "/")
  }()

  struct File {
    /// Relative to the root: `Sources/SWT/SWTFile.swift`.
    let path: String
    let lines: [Substring]

    var name: String { path.split(separator: "/").last.map(String.init) ?? path }
    /// The folder below `Sources` or `Tests/Unit`, which is the target.
    var module: String { String(path.split(separator: "/")[path.hasPrefix("Tests/Unit/") ? 2 : 1]) }
    var isSwift: Bool { path.hasSuffix(".swift") }

    /// Lines that are not comments, judged by how they start.
    var code: [(number: Int, text: Substring)] {
      lines.enumerated().compactMap { number, line in
        let text = line.drop { $0 == " " }
        let isComment = text.hasPrefix("//") || !isSwift && (text.hasPrefix("/*") || text.hasPrefix("*"))
        return isComment ? nil : (number + 1, line)
      }
    }
  }

  static func text(_ path: String) throws -> String {
    String(decoding: try readFile("\(root)/\(path)"), as: UTF8.self)
  }

  /// Direct subfolders.
  static func folders(in path: String) throws -> [String] {
    try listFolder("\(root)/\(path)").filter { (try? listFolder("\(root)/\(path)/\($0)")) != nil }
  }

  /// All files in a folder and its subfolders whose names end with one of `endings`.
  static func files(in path: String, _ endings: [String] = [".swift", ".c", ".h"]) throws -> [File] {
    try listFolder("\(root)/\(path)").flatMap { name in
      let inner = "\(path)/\(name)"
      if (try? listFolder("\(root)/\(inner)")) != nil { return try files(in: inner, endings) }
      guard endings.contains(where: { name.hasSuffix($0) }) else { return [File]() }
      return [
        File(path: inner, lines: try text(inner).split(separator: "\n", omittingEmptySubsequences: false))
      ]
    }
  }

  /// Sources, read once.
  static let sources: [File] = (try? files(in: "Sources")) ?? []
  static let tests: [File] = (try? files(in: "Tests")) ?? []
}

extension SourceTree.File {
  /// Modules that a Swift file imports, under any condition.
  var imports: Set<String> {
    var found: Set<String> = []
    for (_, line) in code where line.contains("import ") {
      let words = line.split(separator: " ")
      guard let place = words.firstIndex(of: "import"), place + 1 < words.count,
        words[..<place].allSatisfy({ Self.access.contains($0) || $0.hasPrefix("@") })
      else { continue }
      let name = Self.kinds.contains(words[place + 1]) ? words.dropFirst(place + 2).first : words[place + 1]
      if let name { found.insert(String(name.prefix { $0 != "." })) }
    }
    return found
  }

  private static let access: Set<Substring> = ["public", "package", "internal", "private", "fileprivate"]
  private static let kinds: Set<Substring> = [
    "struct", "class", "enum", "protocol", "typealias", "func", "let", "var",
  ]
}
