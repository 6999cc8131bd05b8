internal import SWTBytes
internal import SWTConsole
internal import SWTInputs

/// The weight files that operands name: files, and folders, which are searched recursively.
enum WeightFileList {
  /// Whether the operands are several files rather than one.
  static func isSeveral(_ operands: [String]) -> Bool {
    operands.count > 1 || operands.contains { Folder.exists($0) }
  }

  /// The files, each once, in the order of the operands.
  ///
  /// Links to folders and hidden files are not followed; a file in a folder counts if its name ends with `.swt`,
  /// so a damaged one is reported.
  ///
  /// - Throws: ``CommandFailure`` if a folder cannot be read, or if there are no weight files.
  static func expand(_ operands: [String]) throws(CommandFailure) -> [String] {
    var found: [String] = []
    for operand in operands {
      if Folder.exists(operand) { try search(operand, 0, &found) } else { found.append(operand) }
    }
    var seen: Set<ExactString> = []
    found = found.filter { seen.insert(ExactString($0)).inserted }
    guard !found.isEmpty else {
      throw CommandFailure(
        .inputUnreadable, file: operands.first, "there are no .swt files in it",
        hint: "pth2swt convert makes them")
    }
    return found
  }

  private static func search(
    _ folder: String, _ depth: Int, _ found: inout [String]
  ) throws(CommandFailure) {
    guard depth < 64 else {
      throw CommandFailure(.inputUnreadable, file: folder, "folders are nested more than 64 deep")
    }
    let names: [String]
    do throws(SystemFailure) {
      names = try Folder.names(in: folder)
    } catch {
      throw CommandFailure(.inputUnreadable, file: folder, "\(error)")
    }
    for name in names where !name.hasPrefix(".") {
      let path = Folder.join(folder, name)
      switch Folder.kind(path) {
      case .folder where !Folder.isLink(path): try search(path, depth + 1, &found)
      case .file where name.hasSuffix(".swt"): found.append(path)
      default: continue
      }
    }
  }
}
