internal import SWTBytes
internal import SWTTensorFiles

/// The index of a sharded checkpoint: `{"metadata": {…}, "weight_map": {name: file}}`.
///
/// The Hugging Face format, for shards in `torch.save` and safetensors format alike.
struct ShardIndex {
  private let weights: [JSONMember]
  private let folder: String
  private let limits: ParseLimits
  private let byteCount: Int
  private let metadata: [(key: String, value: String)]

  /// Whether the file starts like a JSON object; the initializer finds out if it is an index.
  static func recognizes(_ source: any ByteSource) throws(ParseFailure) -> Bool {
    let head = try source.bytes(at: 0, count: min(64, source.byteCount))
    return head.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "{")
  }

  init(_ source: any ByteSource, path: String, limits: ParseLimits) throws(ParseFailure) {
    try limits.check(.jsonBytes, source.byteCount)
    let document: JSONValue
    do throws(ParseFailure) {
      document = try JSONValue.parse(
        try source.bytes(at: 0, count: source.byteCount), nodeLimit: Self.nodeLimit(limits))
    } catch {
      throw error.inside("a JSON document")
    }
    guard let weights = document["weight_map"]?.members else {
      throw try Self.other(document, source)
    }
    self.weights = weights
    self.limits = limits
    byteCount = source.byteCount
    folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    metadata = (document["metadata"]?.members ?? []).map { ($0.key, $0.value.string ?? $0.value.text()) }
  }

  /// The failure for another document: what servers write in place of a file is short, so it is quoted.
  private static func other(
    _ document: JSONValue, _ source: any ByteSource
  ) throws(ParseFailure) -> ParseFailure {
    var text = "a JSON document, but not an index of shards: it has no weight_map"
    guard source.byteCount <= 200 else { return ParseFailure(.unsupported(text)) }
    text += "; it is \(String(decoding: try source.bytes(at: 0, count: source.byteCount), as: UTF8.self))"
    let isError = ["error", "message", "detail"].contains { document[$0] != nil }
    return ParseFailure(
      .unsupported(text),
      hint: isError ? "the download was a server's error message: download the file itself" : nil)
  }

  /// Maximum number of values in a JSON document: each needs four times the memory of a pickle's node.
  static func nodeLimit(_ limits: ParseLimits) -> Int { Int(clamping: limits[.pickleNodes]) / 4 }

  func read() throws(ParseFailure) -> Checkpoint {
    var checkpoint = Checkpoint(container: .sharded, byteCount: byteCount)
    checkpoint.metadata = metadata
    let files = try namesByFile()
    for (file, names) in files {
      let shard: Checkpoint
      do throws(ParseFailure) {
        shard = try CheckpointReader.read(FileSource(path: folder + file), limits: limits)
      } catch {
        var failure = error.inside("shard \(file)")
        if case .system(let system) = failure.reason, system.isMissing {
          failure = ParseFailure(
            .invalid("shard \(file) is not in the folder of the index"),
            hint: "download all \(files.count) files to one folder")
        }
        throw failure
      }
      checkpoint.byteCount += shard.byteCount
      try add(shard, named: names, file, to: &checkpoint)
    }
    return checkpoint
  }

  /// The files in order of first mention.
  func fileNames() throws(ParseFailure) -> [String] { try namesByFile().map(\.file) }

  /// The files in order of first mention, with the names of their tensors.
  private func namesByFile() throws(ParseFailure) -> [(file: String, names: Set<ExactString>)] {
    var order: [ExactString: Int] = [:]
    var result: [(file: String, names: Set<ExactString>)] = []
    for weight in weights {
      guard let file = weight.value.string else {
        throw ParseFailure(.invalid("the shard of \(weight.key) is not a file name"))
      }
      // The index determines which files are opened, so it must not name files outside its folder.
      guard Folder.isName(file) else {
        throw ParseFailure(.invalid("shard '\(file.prefix(64))' is not in the folder of the index"))
      }
      if let place = order[ExactString(file)] {
        result[place].names.insert(ExactString(weight.key))
      } else {
        order[ExactString(file)] = result.count
        result.append((file, [ExactString(weight.key)]))
      }
    }
    return result
  }

  private func add(
    _ shard: Checkpoint, named names: Set<ExactString>, _ file: String, to checkpoint: inout Checkpoint
  ) throws(ParseFailure) {
    var kept = shard
    kept.keep { names.contains(ExactString($0.name)) }
    let found = Set(kept.tensors.map { ExactString($0.name) })
    if let missing = names.subtracting(found).sorted().first {
      throw ParseFailure(.invalid("shard \(file) does not contain \(missing), but the index says so"))
    }
    try checkpoint.add(kept, prefix: [], limits: limits)
    for tensor in shard.tensors where !found.contains(ExactString(tensor.name)) {
      checkpoint.skip(tensor.name, "in shard \(file), but not in the index")
    }
  }
}
