internal import SWTArchives
internal import SWTBytes

/// The zip format that PyTorch has written since 1.6: `data.pkl`, `data/<key>`, `version`, `byteorder` in a
/// folder.
///
/// A TorchScript archive additionally has code, and constants in `constants.pkl` and `constants/<key>`. Both
/// have a storage "0", so they are kept apart.
struct TorchArchive {
  private let archive: ZipArchive
  /// The folder of all records, with a trailing slash; empty for archives without one.
  private let prefix: String

  init(_ archive: ZipArchive) throws(ParseFailure) {
    self.archive = archive
    prefix = try Self.findPrefix(archive.entries)
  }

  /// Whether the first record of a zip archive is one that PyTorch writes first.
  static func recognizes(_ head: [UInt8]) -> Bool {
    guard head.count > 30 else { return false }
    let length = Int(head[26]) | Int(head[27]) << 8
    let name = String(decoding: head.dropFirst(30).prefix(length), as: UTF8.self)
    let records = [
      "data.pkl", "version", "byteorder", ".format_version", ".storage_alignment", "constants.pkl",
    ]
    return name.contains("/.data/") || records.contains { name == $0 || name.hasSuffix("/\($0)") }
  }

  /// The folder of `data.pkl`: the shallowest one, which must be unique.
  private static func findPrefix(_ entries: [ZipEntry]) throws(ParseFailure) -> String {
    let candidates = entries.lazy.map(\.name)
      .filter { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }
      .filter { !$0.contains("__MACOSX/") }
      .map { String($0.dropLast("data.pkl".count)) }
    var shallowest: [String] = []
    var least = Int.max
    for candidate in candidates {
      let depth = candidate.utf8.count { $0 == UInt8(ascii: "/") }
      if depth < least { (least, shallowest) = (depth, []) }
      if depth == least { shallowest.append(candidate) }
    }
    guard let first = shallowest.first else { throw ForeignFile.archive(entries.map(\.name)) }
    guard shallowest.count == 1 else {
      throw ParseFailure(
        .invalid("ambiguous: both \(shallowest[0])data.pkl and \(shallowest[1])data.pkl exist"))
    }
    return first
  }

  /// Reads the object and finds all tensors in it.
  ///
  /// - Parameters:
  ///   - nesting: Nesting level of files inside files.
  ///   - container: What to call an archive without code.
  /// - Returns: The contents.
  /// - Throws: ``ParseFailure`` if a record is missing or damaged.
  func read(nesting: Int, container: Checkpoint.Container = .zip) throws(ParseFailure) -> Checkpoint {
    try archive.requireVersion(prefix: prefix)
    let isBigEndian = try archive.isBigEndian(prefix: prefix)
    guard let entry = archive[prefix + "data.pkl"] else {
      throw ParseFailure(.invalid("\(prefix)data.pkl is missing"))
    }
    let constants = archive[prefix + "constants.pkl"]
    var checkpoint = Checkpoint(
      container: constants == nil ? container : .torchscript, byteCount: archive.source.byteCount)
    let data = prefix + "data/"
    try checkpoint.add(
      try archive.pickle(entry),
      ArchiveStorages(archive, isBigEndian: isBigEndian) { data + $0 },
      limits: archive.limits, nesting: nesting)
    if let constants {
      let folder = prefix + "constants/"
      try checkpoint.add(
        try archive.pickle(constants),
        ArchiveStorages(archive, isBigEndian: isBigEndian) { folder + $0 },
        limits: archive.limits, nesting: nesting, prefix: [.key("<constants>")])
      try addCode(to: &checkpoint)
    }
    return checkpoint
  }

  /// Completes the modules with what their code says.
  private func addCode(to checkpoint: inout Checkpoint) throws(ParseFailure) {
    let folder = prefix + "code/"
    var code = ScriptCode()
    var total = 0
    for entry in archive.entries where entry.name.hasPrefix(folder) && entry.name.hasSuffix(".py") {
      total += entry.byteCount
      try archive.limits.check(.jsonBytes, total)
      let module = entry.name.dropFirst(folder.count).dropLast(".py".count).split(separator: "/")
      code.add(try archive.bytes(entry, limit: .jsonBytes), module: module.joined(separator: "."))
    }
    code.complete(&checkpoint.modules, types: checkpoint.moduleTypes)
    try checkpoint.add(
      code.quantizedNumbers(checkpoint.modules, types: checkpoint.moduleTypes), limits: archive.limits)
  }
}
