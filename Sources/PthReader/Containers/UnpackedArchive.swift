internal import SWTArchives
internal import SWTBytes

/// The folder that a zip archive of `torch.save` was unpacked to.
enum UnpackedArchive {
  private static let pickleName = "data.pkl"

  /// The folder with `data.pkl` and the storages beside it; nil if there is none.
  ///
  /// - Parameter path: That folder, one that has nothing else, or the `data.pkl` in it.
  /// - Returns: The path of that folder.
  static func folder(_ path: String) -> String? {
    guard Folder.exists(path) else {
      return Folder.name(of: path) == pickleName && isOne(Folder.parent(of: path))
        ? Folder.parent(of: path) : nil
    }
    if isOne(path) { return path }
    // unzip makes a folder of the archive's name in the one that it is told.
    guard let names = try? Folder.names(in: path), names.count == 1, let name = names.first else {
      return nil
    }
    let inner = Folder.join(path, name)
    return Folder.exists(inner) && !Folder.isLink(inner) && isOne(inner) ? inner : nil
  }

  private static func isOne(_ path: String) -> Bool {
    func isFile(_ name: String) -> Bool {
      if case .file? = Folder.kind(Folder.join(path, name)) { true } else { false }
    }
    return isFile(pickleName) && (isFile("version") || Folder.exists(Folder.join(path, "data")))
  }

  /// The files in the folder and below it, except through links, as paths from the folder.
  static func files(_ path: String, limit: Int) throws(ParseFailure) -> [String] {
    var files: [String] = []
    var folders = [""]
    while let folder = folders.popLast() {
      let names: [String]
      do throws(SystemFailure) {
        names = try Folder.names(in: path + "/" + folder)
      } catch {
        throw ParseFailure(.system(error), in: [folder])
      }
      for name in names {
        let file = folder + name
        let full = Folder.join(path, file)
        switch Folder.kind(full) {
        case .folder where !Folder.isLink(full) && folder.utf8.count < 1024: folders.append(file + "/")
        case .file: files.append(file)
        default: continue
        }
        guard files.count <= limit else {
          throw ParseLimits.failure(.entries, UInt64(files.count), UInt64(limit))
        }
      }
    }
    return files.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  static func read(_ path: String, limits: ParseLimits) throws(ParseFailure) -> Checkpoint {
    let pool = FilePool()
    var records: [(name: String, data: any ByteSource)] = []
    for name in try files(path, limit: Int(clamping: limits[.entries])) {
      do throws(ParseFailure) {
        records.append((name, try pool.add(Folder.join(path, name))))
      } catch {
        throw error.inside(name)
      }
    }
    let byteCount = records.reduce(0) { $0 + $1.data.byteCount }
    let archive = try ZipArchive(unpacked: records, limits: limits.scaled(toFile: byteCount))
    return try TorchArchive(archive).read(nesting: 0, container: .unpacked)
  }
}
