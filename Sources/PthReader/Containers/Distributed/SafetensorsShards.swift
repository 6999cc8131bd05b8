internal import SWTBytes
internal import SWTTensorFiles
internal import SWTTensors

/// A folder of `shard-<rank>-model-….safetensors` files without an index: what `HuggingFaceStorageWriter` writes
/// with `save_distributed=True`.
///
/// Every file has its rank's part of each tensor under the tensor's own name, and the part's offsets in its
/// metadata. The shape of the whole is stated nowhere: it is what the parts cover.
struct SafetensorsShards {
  /// Key in `__metadata__`, whose value is `{name: {"saved_offsets": […]}}` as JSON.
  private static let offsetsKey = "DCP_SHARDING_INFO"
  private static let hint =
    "name the folder with the shards of all ranks, or make one file of them: "
    + "consolidate_safetensors_files in torch.distributed.checkpoint"

  private let path: String
  private let names: [String]
  private let limits: ParseLimits

  init(_ path: String, _ names: [String], limits: ParseLimits) {
    self.path = path
    self.names = names
    self.limits = limits
  }

  /// Whether a name is one of a rank's file.
  static func isShard(_ name: String) -> Bool {
    name.hasPrefix("shard-") && name.hasSuffix(".safetensors") && rank(name) != nil
  }

  /// The number after `shard-`, which is the rank plus one.
  private static func rank(_ name: String) -> Int? {
    Int(name.dropFirst("shard-".count).prefix { $0 != "-" && $0 != "." })
  }

  /// A tensor, and where its parts are.
  private struct Parts {
    let type: ScalarType
    var boxes: [(offsets: [Int], sizes: [Int])] = []
    var entries: [TensorEntry] = []
    var files: [String] = []
  }

  func read() throws(ParseFailure) -> Checkpoint {
    try requireRanks()
    var checkpoint = Checkpoint(container: .sharded, byteCount: 0)
    var order: [String] = []
    var tensors: [ExactString: Parts] = [:]
    let pool = FilePool()
    for name in names {
      do throws(ParseFailure) {
        let source = try pool.add(Folder.join(path, name))
        checkpoint.byteCount += source.byteCount
        let shard = try SafetensorsCheckpoint.read(source, limits: limits.scaled(toFile: source.byteCount))
        let offsets = try Self.offsets(shard, limits)
        for entry in shard.tensors {
          if tensors[entry.name] == nil { order.append(entry.name) }
          try Self.add(entry, at: offsets?[entry.name], in: name, to: &tensors)
        }
        if checkpoint.metadata.isEmpty {
          checkpoint.metadata = shard.metadata.filter { $0.key != Self.offsetsKey }
        }
      } catch {
        throw error.inside(name)
      }
    }
    let limits = limits.scaled(toFile: checkpoint.byteCount)
    for name in order {
      guard let parts = tensors[name] else { continue }
      do throws(ParseFailure) {
        try checkpoint.add(
          try Self.whole(parts, name, id: checkpoint.nextStorage, limits), path: [.key(name)], limits: limits)
      } catch {
        throw error.inside(name)
      }
    }
    try Self.requireAgreement(checkpoint)
    if names.count == 1, let name = names.first {
      try Self.requireWhole(checkpoint, name)
      checkpoint.skip("", "other shards: none is beside \(name), which is whole by its running statistics")
    }
    return checkpoint
  }

  /// Nothing says how many shards there are, but their names are numbered.
  private func requireRanks() throws(ParseFailure) {
    let ranks = Set(names.compactMap(Self.rank))
    for rank in 1...max(1, ranks.max() ?? 1) where !ranks.contains(rank) {
      throw ParseFailure(
        .invalid("shard \(rank) of \(ranks.max() ?? 0) is not in the folder"), hint: Self.hint)
    }
  }

  private static func add(
    _ entry: TensorEntry, at offsets: [Int]?, in file: String, to tensors: inout [ExactString: Parts]
  ) throws(ParseFailure) {
    let offsets = offsets ?? [Int](repeating: 0, count: entry.shape.count)
    guard offsets.count == entry.shape.count, offsets.allSatisfy({ $0 >= 0 }) else {
      throw ParseFailure(.invalid("\(entry.name) of shape \(entry.shape) is placed at \(offsets)"))
    }
    let parts = tensors[entry.name] ?? Parts(type: entry.scalarType)
    guard parts.type == entry.scalarType,
      parts.boxes.first.map({ $0.offsets.count == offsets.count }) != false
    else {
      throw ParseFailure(.invalid("\(entry.name) has another type or number of dimensions in another shard"))
    }
    tensors[entry.name] = parts
    tensors[entry.name]?.boxes.append((offsets, entry.shape))
    tensors[entry.name]?.entries.append(entry)
    tensors[entry.name]?.files.append(file)
  }

  private static func whole(
    _ parts: Parts, _ name: String, id: Int, _ limits: ParseLimits
  ) throws(ParseFailure) -> TensorEntry {
    var shape: [Int] = []
    for dimension in parts.boxes[0].offsets.indices {
      var size = 0
      for box in parts.boxes {
        size = max(size, try Checked.add(box.offsets[dimension], box.sizes[dimension], "size of a tensor"))
      }
      shape.append(size)
    }
    let table = try ChunkTable(shape: shape, chunks: parts.boxes)
    if parts.entries.count == 1, let only = parts.entries.first { return only }
    return try AssembledSource(table, parts.type, OpenedChunks(entries: parts.entries, names: parts.files))
      .entry(id: id, name, limits: limits)
  }

  /// Requires that a shard without others is what one process wrote.
  ///
  /// Several processes split every parameter of a normalization and no buffer, and divide the buffers among
  /// their files. So where each scale has its running statistics beside it, of the same size, nothing is missing.
  private static func requireWhole(_ checkpoint: Checkpoint, _ name: String) throws(ParseFailure) {
    var shapes: [ExactString: [Int]] = [:]
    for tensor in checkpoint.tensors { shapes[tensor.name] = tensor.shape }
    var count = 0
    var isWhole = true
    for tensor in checkpoint.tensors where tensor.shape.count == 1 && tensor.name.hasSuffix(".bias") {
      let module = tensor.name.dropLast("bias".count)
      guard shapes[module + "weight"] == tensor.shape else { continue }
      count += 1
      for leaf in ["running_mean", "running_var"] where shapes[module + leaf] != tensor.shape {
        isWhole = false
      }
    }
    guard isWhole, count > 0 else {
      throw ParseFailure(
        .unsupported("\(name) is alone, and it does not say how many shards there are"), hint: hint)
    }
  }

  // MARK: Offsets

  /// `saved_offsets` by name; nil if the file has none.
  private static func offsets(
    _ shard: Checkpoint, _ limits: ParseLimits
  ) throws(ParseFailure) -> [ExactString: [Int]]? {
    guard let text = shard.metadata.first(where: { $0.key == offsetsKey })?.value else { return nil }
    try limits.check(.jsonBytes, text.utf8.count)
    do throws(ParseFailure) {
      let document = try JSONValue.parse(Array(text.utf8), nodeLimit: ShardIndex.nodeLimit(limits))
      var offsets: [ExactString: [Int]] = [:]
      for member in document.members ?? [] {
        var place: [Int] = []
        for number in member.value["saved_offsets"]?.array ?? [] {
          guard let number = number.int else {
            throw ParseFailure(.invalid("an offset of \(member.key) is not an integer"))
          }
          place.append(number)
        }
        offsets[member.key] = place
      }
      return offsets
    } catch {
      throw error.inside(offsetsKey)
    }
  }

  /// Marks the tensors of a single file that are parts: a shard must not be taken for a small whole tensor.
  ///
  /// The offsets of the first rank's shard are zero like those of whole tensors; there the name of the file
  /// tells, and that running statistics are not split.
  static func markParts(of checkpoint: inout Checkpoint, named name: String, limits: ParseLimits)
    throws(ParseFailure)
  {
    guard let offsets = try offsets(checkpoint, limits) else { return }
    let isLone = isShard(name)
    var parts: Set<ExactString> = []
    for tensor in checkpoint.tensors {
      let place = offsets[tensor.name] ?? []
      guard isLone || place.contains(where: { $0 != 0 }) else { continue }
      parts.insert(tensor.name)
      checkpoint.add(PartialTensor(unplaced: "shard: \(tensor.shape) at \(place) of a larger tensor", tensor))
    }
    checkpoint.partialHint = hint
    checkpoint.keep { !parts.contains($0.name) }
    if parts.isEmpty { try requireAgreement(checkpoint) }
  }

  /// FSDP splits parameters and never buffers: where a normalization's weight has another size than its running
  /// mean, the last shards are missing, which no gap shows.
  private static func requireAgreement(_ checkpoint: Checkpoint) throws(ParseFailure) {
    let ending = ".running_mean"
    var shapes: [ExactString: [Int]] = [:]
    for tensor in checkpoint.tensors where tensor.shape.count == 1 { shapes[tensor.name] = tensor.shape }
    for (key, shape) in shapes where key.text.hasSuffix(ending) {
      let name = key.text
      let weight = name.dropLast(ending.count) + ".weight"
      guard let other = shapes[String(weight)], other != shape else { continue }
      throw ParseFailure(
        .invalid("\(weight) has shape \(other), but \(name) \(shape): a shard is missing"), hint: hint)
    }
  }
}
