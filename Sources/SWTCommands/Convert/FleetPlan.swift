internal import PthReader
internal import SWTBytes
internal import SWTConsole
internal import SWTInputs

/// What becomes of several inputs: which files they are, and where each output goes.
struct FleetPlan {
  struct Item: Sendable {
    let input: String
    let output: String
    /// Bytes of the file; of an index of shards, of all its shards.
    let byteCount: Int
  }

  private(set) var items: [Item] = []
  /// Files of the folders that are no checkpoints, by content and by name.
  private(set) var passedOver = 0
  /// Folders below those that were named, which could not be read.
  private(set) var failures: [CommandFailure] = []

  /// Finds the inputs.
  ///
  /// Files are taken as they are named. Folders are searched with all that is below them, but not through links and not
  /// on other file systems; there a file counts when its first bytes are those of a readable form or when its name ends as those of checkpoints do,
  /// so that a damaged one is reported and a README is not. Shards whose index is there belong to the index.
  ///
  /// - Throws: ``CommandFailure`` when a folder cannot be read, when there is nothing, or when two inputs would be
  ///   written to one output; nothing was written then.
  init(_ inputs: [String], into folder: String) throws(CommandFailure) {
    var found: [(input: String, name: String)] = []
    for input in inputs {
      if Folder.exists(input) {
        try search(input, prefix: "", &found)
      } else {
        found.append((input, Folder.name(of: input)))
      }
    }
    var shards: Set<String> = []
    var sizes: [String: Int] = [:]
    for (input, _) in found {
      guard let names = try? CheckpointReader.shards(of: input), !names.isEmpty else { continue }
      let paths = names.map { Folder.join(Folder.parent(of: input), $0) }
      shards.formUnion(paths.map(Self.plain))
      sizes[input] = paths.reduce(0) { $0 + Self.size($1) }
    }
    var byOutput: [String: String] = [:]
    var seen: Set<String> = []
    for (input, name) in found where !shards.contains(Self.plain(input)) {
      // The same file twice, as itself and from a folder, is converted once.
      guard seen.insert(Self.plain(input)).inserted else { continue }
      let output = Folder.join(folder, Self.outputName(name))
      if let other = byOutput.updateValue(input, forKey: output) {
        throw CommandFailure(
          .usage, "\(other) and \(input) would both be written to \(output)",
          hint: "convert one of them apart; nothing was written")
      }
      items.append(Item(input: input, output: output, byteCount: sizes[input] ?? Self.size(input)))
    }
    guard !items.isEmpty else {
      throw CommandFailure(
        .inputUnreadable, file: inputs.first, "there are no checkpoints in it",
        hint: "pth2swt inspect FILE says what a file is")
    }
  }

  private static func size(_ path: String) -> Int {
    if case .file(let size)? = Folder.kind(path) { size } else { 0 }
  }

  /// Without `./` in front and double slashes, so that one file has one name.
  private static func plain(_ path: String) -> String {
    let parts = path.split(separator: "/").filter { $0 != "." }
    return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
  }

  private mutating func search(
    _ folder: String, prefix: String, _ found: inout [(input: String, name: String)]
  ) throws(CommandFailure) {
    let names: [String]
    do throws(SystemFailure) {
      names = try Folder.names(in: folder)
    } catch {
      let failure = CommandFailure(.inputUnreadable, file: folder, "\(error)")
      guard !prefix.isEmpty else { throw failure }
      failures.append(failure)
      return
    }
    let fileSystem = Folder.fileSystem(folder)
    for name in names where !name.hasPrefix(".") {
      let path = Folder.join(folder, name)
      switch Folder.kind(path) {
      case .folder where !Folder.isLink(path) && Folder.fileSystem(path) == fileSystem:
        try search(path, prefix: "\(prefix)\(name)/", &found)
      case .file where CheckpointNames.isTemporary(name): continue
      case .file where CheckpointNames.isOther(name): passedOver += 1
      case .file where CheckpointNames.isCheckpoint(name) || Self.isCheckpoint(path):
        found.append((path, prefix + name))
      case .file: passedOver += 1
      default: continue
      }
    }
  }

  private static func isCheckpoint(_ path: String) -> Bool {
    OpenedInput.recognizes(path)
  }

  /// `a/resnet50.pth.tar` becomes `a/resnet50.swt`.
  static func outputName(_ name: String) -> String { CheckpointNames.stem(name) + ".swt" }
}

/// What names say about files: only where a folder is searched, and for names of outputs.
enum CheckpointNames {
  private static let endings = [
    ".pth", ".pt", ".pt2", ".bin", ".ckpt", ".pkl", ".pickle", ".safetensors", ".tar", ".th", ".swt",
    ".index.json", ".gz",
  ]

  static func isCheckpoint(_ name: String) -> Bool {
    // What is in a .gz is said by the ending before; what a .json file is, by its content.
    let name = name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
    return endings.contains { $0 != ".index.json" && $0 != ".gz" && name.hasSuffix($0) }
  }

  /// Goldens are safetensors files too, signatures and settings lie beside weights.
  static func isOther(_ name: String) -> Bool {
    [".golden.safetensors", ".sig"].contains { name.hasSuffix($0) }
  }

  /// What this program, killed, leaves beside an output.
  static func isTemporary(_ name: String) -> Bool { name.contains(".swt.tmp-") }

  /// A name without the endings of checkpoints.
  static func stem(_ name: String) -> String {
    var name = name
    while let ending = endings.first(where: { name.hasSuffix($0) && name.utf8.count > $0.utf8.count }) {
      let stem = String(name.dropLast(ending.count))
      guard !stem.hasSuffix("/") else { break }
      name = stem
    }
    return name
  }
}
