internal import SWTBytes
internal import SWTTensorFiles

/// The index of a checkpoint in several files: `{"metadata": {…}, "weight_map": {name: file}}`.
///
/// Hugging Face's form, for shards of `torch.save` and of safetensors alike.
struct ShardIndex {
  private let weights: [JSONMember]
  private let folder: String
  private let limits: ParseLimits
  private let byteCount: Int
  private let metadata: [(key: String, value: String)]

  /// True for a JSON object; of which kind is found out by reading it.
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
      throw ParseFailure(.unsupported("a JSON document that is no index of shards: it has no weight_map"))
    }
    self.weights = weights
    self.limits = limits
    byteCount = source.byteCount
    folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    metadata = (document["metadata"]?.members ?? []).map { ($0.key, $0.value.string ?? $0.value.text()) }
  }

  /// Values of a JSON document that a file may ask for: each takes four times the memory of a pickle's.
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
            .invalid("shard \(file) is not beside the index"),
            hint: "fetch all \(files.count) files into one folder")
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

  /// The files in order of first mention, each with the names it has to hold.
  private func namesByFile() throws(ParseFailure) -> [(file: String, names: Set<String>)] {
    var order: [String: Int] = [:]
    var result: [(file: String, names: Set<String>)] = []
    for weight in weights {
      guard let file = weight.value.string else {
        throw ParseFailure(.invalid("\(weight.key) is in a shard without a name"))
      }
      // The index says which files are opened: it must not reach out of its folder.
      guard !file.isEmpty, file != ".", file != "..", !file.contains("/"), !file.contains("\\"),
        !file.utf8.contains(0)
      else { throw ParseFailure(.invalid("shard '\(file.prefix(64))' is not a file of the index's folder")) }
      if let place = order[file] {
        result[place].names.insert(weight.key)
      } else {
        order[file] = result.count
        result.append((file, [weight.key]))
      }
    }
    return result
  }

  private func add(
    _ shard: Checkpoint, named names: Set<String>, _ file: String, to checkpoint: inout Checkpoint
  ) throws(ParseFailure) {
    var kept = shard
    kept.keep { names.contains($0.name) }
    let found = Set(kept.tensors.map(\.name))
    if let missing = names.subtracting(found).sorted().first {
      throw ParseFailure(.invalid("shard \(file) does not hold \(missing), which the index promises"))
    }
    try checkpoint.add(kept, prefix: [], limits: limits)
    for tensor in shard.tensors where !found.contains(tensor.name) {
      checkpoint.skip(tensor.name, "in shard \(file), but not in the index")
    }
  }
}
