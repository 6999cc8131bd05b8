internal import SWTBytes
internal import SWTImages

/// Pictures with their classes, from a folder of folders or from a list.
package struct PictureList: Sendable {
  package private(set) var pictures: [LabeledPicture] = []
  /// Number of files in the folders that are not pictures, by content and by name.
  package private(set) var otherFiles = 0

  /// The greatest size of a list in bytes.
  private static let greatestList = 1 << 30

  /// Finds the pictures, in order: of a folder, those in `DIR/<class>/`, at any depth; of a list, those in
  /// lines `picture<TAB>class`, whose relative paths start at the folder of the list.
  ///
  /// - Parameters:
  ///   - path: The folder or the list.
  ///   - classes: The network's classes.
  /// - Throws: ``EvaluationFailure`` if it cannot be read, has no pictures, or names a class that the network
  ///   does not have.
  package init(_ path: String, _ classes: ClassNames) throws(EvaluationFailure) {
    if Folder.exists(path) {
      try readFolder(path, classes)
    } else {
      try readList(path, classes)
    }
    guard !pictures.isEmpty else {
      throw EvaluationFailure(
        path, "there are no pictures in it",
        hint:
          "a folder has a folder of pictures per class; a list has lines of a picture, a tab, and its class")
    }
  }

  // MARK: Folders

  private mutating func readFolder(_ path: String, _ classes: ClassNames) throws(EvaluationFailure) {
    for name in try Self.names(path) {
      let inner = Folder.join(path, name)
      guard Folder.exists(inner) else {
        if Self.isPicture(inner) {
          throw EvaluationFailure(
            inner, "a picture outside of the folders of classes",
            hint: "move it to a folder that is called as its class, or use a list")
        }
        otherFiles += 1
        continue
      }
      var found: [String] = []
      try search(inner, depth: 0, &found)
      // A folder without pictures names no class.
      guard !found.isEmpty else { continue }
      let label = try classes.number(of: name, in: inner)
      pictures += found.map { LabeledPicture(path: $0, label: label) }
    }
  }

  private mutating func search(
    _ folder: String, depth: Int, _ found: inout [String]
  ) throws(EvaluationFailure) {
    guard depth < 64 else { throw EvaluationFailure(folder, "folders are nested more than 64 deep") }
    for name in try Self.names(folder) {
      let path = Folder.join(folder, name)
      if Folder.exists(path) {
        if !Folder.isLink(path) { try search(path, depth: depth + 1, &found) }
      } else if Self.isPicture(path) {
        found.append(path)
      } else {
        otherFiles += 1
      }
    }
  }

  private static func names(_ folder: String) throws(EvaluationFailure) -> [String] {
    do throws(SystemFailure) {
      return try Folder.names(in: folder).filter { !$0.hasPrefix(".") }
    } catch {
      throw EvaluationFailure(folder, "\(error)")
    }
  }

  /// Whether a file is a picture, or has the name of one: a damaged picture is reported, a README is not.
  private static func isPicture(_ path: String) -> Bool {
    let name = path.lowercased()
    let endings = [".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".avif"]
    if endings.contains(where: { name.hasSuffix($0) }) { return true }
    guard let source = try? FileSource(path: path),
      let start = try? source.bytes(at: 0, count: min(16, source.byteCount))
    else { return false }
    return PictureFormat(startingWith: start) != nil
  }

  // MARK: Lists

  private mutating func readList(_ path: String, _ classes: ClassNames) throws(EvaluationFailure) {
    let text: String
    do throws(ParseFailure) {
      let source = try FileSource(path: path)
      guard source.byteCount <= Self.greatestList else {
        throw ParseFailure(
          .unsupported("a list of \(source.byteCount) bytes; the limit is \(Self.greatestList)"))
      }
      let bytes = try source.bytes(at: 0, count: source.byteCount)
      guard let valid = String(validating: bytes, as: UTF8.self) else {
        throw ParseFailure(.invalid("the list is not UTF-8"))
      }
      text = valid
    } catch {
      if case .system(let system) = error.reason, system.isMissing {
        throw EvaluationFailure(path, "no such file")
      }
      throw EvaluationFailure(path, "\(error)")
    }
    let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
    for (number, scalars) in lines.enumerated() {
      let line = scalars.last == "\r" ? scalars.dropLast() : scalars
      if line.isEmpty { continue }
      guard let tab = line.lastIndex(of: "\t") else {
        throw EvaluationFailure(
          path, "line \(number + 1): expected a picture, a tab, and its class",
          hint: "a folder of pictures per class works too")
      }
      let (name, label) = (String(line[..<tab]), String(line[line.index(after: tab)...]))
      guard !name.isEmpty else { throw EvaluationFailure(path, "line \(number + 1): expected a picture") }
      pictures.append(
        LabeledPicture(
          path: Self.resolve(name, beside: path), label: try classes.number(of: label, in: path)))
    }
  }

  /// A relative path starts at the folder of the list; one that is only found from here, here.
  private static func resolve(_ name: String, beside list: String) -> String {
    if name.hasPrefix("/") { return name }
    let beside = Folder.join(Folder.parent(of: list), name)
    return Folder.kind(beside) == nil && Folder.kind(name) != nil ? name : beside
  }
}
