internal import PthReader
internal import SWTBytes
internal import SWTConsole
internal import SWTInputs

/// The plan for several inputs: which files they comprise, and where each output goes.
struct FleetPlan {
  struct Item: Sendable {
    let input: String
    let output: String
    /// Bytes of the file; for an index of shards, of all its shards.
    let byteCount: Int
    /// Why it is not converted: another input has the same output.
    var refusal: CommandFailure?
  }

  private(set) var items: [Item] = []
  /// Folder of the outputs.
  let folder: String
  /// Sentences about files that are not inputs of their own.
  private(set) var notes: [String] = []
  /// Number of files in the folders that are not checkpoints, by content and by name.
  private(set) var passedOver = 0
  /// Number of files and folders that were excluded.
  private(set) var excludedCount = 0
  private let excluded: [NamePattern]
  /// Subfolders that could not be read.
  private(set) var failures: [CommandFailure] = []

  /// Finds the inputs.
  ///
  /// Files that are named are always inputs. Folders are searched recursively, except through links and on
  /// other file systems; a file in them is an input if its first bytes are those of a readable format or if
  /// it has the extension of a checkpoint, so a damaged checkpoint is reported and a README is not. Shards
  /// with an index belong to the index; a folder that is one checkpoint is one input. Inputs that would be
  /// written to the same output are refused, and only these.
  ///
  /// - Throws: ``CommandFailure`` if a folder cannot be read, or if there are no checkpoints; nothing has been
  ///   written then.
  init(
    _ inputs: [String], into folder: String, excluding patterns: [NamePattern] = []
  ) throws(CommandFailure) {
    self.folder = folder
    excluded = patterns
    var found: [(input: String, name: String)] = []
    for input in inputs {
      if CheckpointFolder(input) != nil {
        found.append((input, Folder.name(of: input)))
      } else if Folder.exists(input) {
        try search(input, prefix: "", &found)
      } else if excludes(input) {
        excludedCount += 1
      } else {
        found.append((input, Folder.name(of: input)))
      }
    }
    var shards: Set<ExactString> = []
    var sizes: [ExactString: Int] = [:]
    var indexed: Set<ExactString> = []
    for (input, _) in found {
      guard let names = try? CheckpointReader.shards(of: input), !names.isEmpty else { continue }
      let paths = names.map { Folder.join(Folder.parent(of: input), $0) }
      shards.formUnion(paths.map { ExactString(Self.plain($0)) })
      notes.append("\(input): an index; its \(names.count) shards are converted as one, not by themselves")
      sizes[input] = paths.reduce(0) { $0 + Self.size($1) }
      indexed.insert(ExactString(Folder.parent(of: Self.plain(input))))
    }
    for (input, _) in found
    where indexed.contains(Folder.parent(of: Self.plain(input)))
      && CheckpointReader.isSourceOfConsolidated(input)
    {
      shards.insert(ExactString(Self.plain(input)))
      notes.append("\(input): shards of ranks, which are also in the files of the index beside them")
    }
    let ignoresCase = Folder.ignoresCase(folder)
    var byOutput: [ExactString: Int] = [:]
    var seen: Set<ExactString> = []
    for (input, name) in found where !shards.contains(ExactString(Self.plain(input))) {
      // A file that is named and also found in a folder is converted once.
      guard seen.insert(ExactString(Self.plain(input))).inserted else { continue }
      let output = Folder.join(folder, Self.outputName(name))
      var item = Item(input: input, output: output, byteCount: sizes[input] ?? Self.size(input))
      let key = ExactString(ignoresCase ? output.lowercased() : output)
      if let other = byOutput[key] {
        item.refusal = Self.refusal(input, items[other].input, output)
        items[other].refusal = Self.refusal(items[other].input, input, output)
      } else {
        byOutput[key] = items.count
      }
      items.append(item)
    }
    guard !items.isEmpty else {
      throw CommandFailure(
        .inputUnreadable, file: inputs.count == 1 ? inputs.first : nil,
        inputs.count == 1
          ? "there are no checkpoints in it"
          : "there are no checkpoints in \(inputs.joined(separator: ", "))",
        hint: "pth2swt inspect FILE shows what a file is")
    }
  }

  /// One input with the output that the user named.
  init(_ input: String, to output: String) {
    folder = Folder.parent(of: output)
    excluded = []
    items = [Item(input: input, output: output, byteCount: Self.size(input))]
  }

  private static func refusal(_ input: String, _ other: String, _ output: String) -> CommandFailure {
    CommandFailure(
      .usage, file: input, "\(output) would be written from \(other) too",
      hint: "convert one of them separately, or exclude one")
  }

  private func excludes(_ name: String) -> Bool { excluded.contains { $0.matches(name) } }

  private static func size(_ path: String) -> Int {
    if case .file(let size)? = Folder.kind(path) { size } else { CheckpointFolder(path)?.byteCount ?? 0 }
  }

  /// The path without `.` components and double slashes, so that a file has one name.
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
      if excludes(prefix + name) {
        excludedCount += 1
        continue
      }
      switch Folder.kind(path) {
      case .folder where !Folder.isLink(path) && Folder.fileSystem(path) == fileSystem:
        if CheckpointFolder(path) != nil {
          found.append((path, prefix + name))
        } else {
          try search(path, prefix: "\(prefix)\(name)/", &found)
        }
      case .file where CheckpointNames.isTemporary(name): continue
      case .file where CheckpointNames.isOther(name): passedOver += 1
      case .file where CheckpointNames.isCheckpoint(name) || Self.isCheckpoint(path):
        found.append((path, prefix + name))
      case .file: passedOver += 1
      case nil where !Folder.isLink(path):
        // Names that are not UTF-8 arrive with replacement characters, under which nothing is found.
        failures.append(
          CommandFailure(
            .inputUnreadable, file: path, "its name is not valid UTF-8, so it was not opened",
            hint: "rename it"))
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

/// What file names tell; used only to search folders and to name outputs.
enum CheckpointNames {
  private static let endings = [
    ".pth", ".pt", ".pt2", ".bin", ".ckpt", ".pkl", ".pickle", ".safetensors", ".tar", ".th", ".swt",
    ".index.json", ".gz",
  ]

  static func isCheckpoint(_ name: String) -> Bool {
    // For .gz, the extension before it counts; .json files are recognized by content.
    let name = name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
    return endings.contains { $0 != ".index.json" && $0 != ".gz" && name.hasSuffix($0) }
  }

  /// Whether the file is a golden, which is a safetensors file too, or a signature.
  static func isOther(_ name: String) -> Bool {
    [".golden.safetensors", ".sig"].contains { name.hasSuffix($0) }
  }

  /// Whether the file is one that a killed run of this program left beside an output.
  static func isTemporary(_ name: String) -> Bool { TemporaryName.start(ofTemporary: name) != nil }

  /// A name without the extensions of checkpoints.
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
