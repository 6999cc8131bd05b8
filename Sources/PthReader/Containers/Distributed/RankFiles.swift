internal import SWTBytes

/// A folder with one file per rank of a run, each with that rank's shards: what `torch.save` writes when every
/// rank saves its state dict of DTensors.
struct RankFiles {
  private static let hint =
    "one folder must have exactly the files that all ranks saved; or save full tensors: get_model_state_dict with "
    + "full_state_dict=True"

  private let path: String
  private let names: [String]
  private let limits: ParseLimits

  init(_ path: String, _ names: [String], limits: ParseLimits) {
    self.path = path
    self.names = names
    self.limits = limits
  }

  /// Whether all files are of ranks of several: among other checkpoints, each is an input of its own.
  ///
  /// - Parameters:
  ///   - path: The folder.
  ///   - names: Names of the files that may be checkpoints.
  /// - Returns: False too if a file cannot be read.
  static func recognizes(_ path: String, _ names: [String]) -> Bool {
    names.count > 1
      && names.allSatisfy { name in
        let checkpoint = try? CheckpointReader.read(FileSource(path: Folder.join(path, name)))
        return checkpoint?.partial.contains { ($0.worldSize ?? 0) > 1 && $0.rank != nil } == true
      }
  }

  /// What is known of one tensor.
  private struct Parts {
    let shape: [Int]
    let path: [PathComponent]
    var boxes: [(offsets: [Int], sizes: [Int])] = []
    var entries: [TensorEntry] = []
    var files: [String] = []
  }

  func read() throws(ParseFailure) -> Checkpoint {
    var ranks: [(rank: Int, name: String, checkpoint: Checkpoint)] = []
    var worldSize: Int?
    let pool = FilePool()
    for name in names {
      do throws(ParseFailure) {
        let checkpoint = try CheckpointReader.read(try pool.add(Folder.join(path, name)), limits: limits)
        guard let rank = checkpoint.partial.lazy.compactMap(\.rank).first,
          let size = checkpoint.partial.lazy.compactMap(\.worldSize).first
        else { throw ParseFailure(.invalid("it has no shards, unlike the other files"), hint: Self.hint) }
        guard worldSize == nil || worldSize == size, rank >= 0, rank < size else {
          throw ParseFailure(.invalid("it is of rank \(rank) of \(size): of another run"), hint: Self.hint)
        }
        worldSize = size
        if let other = ranks.first(where: { $0.rank == rank }) {
          throw ParseFailure(.invalid("it is of rank \(rank), like \(other.name)"), hint: Self.hint)
        }
        ranks.append((rank, name, checkpoint))
      } catch {
        throw error.inside(name)
      }
    }
    let size = worldSize ?? 0
    let known = Set(ranks.map(\.rank))
    // Counted, so that a file that claims a billion ranks costs nothing.
    if known.count < size, let missing = (0..<size).first(where: { !known.contains($0) }) {
      throw ParseFailure(
        .invalid("the file of rank \(missing) of \(size) is not in the folder"), hint: Self.hint)
    }
    return try assemble(ranks.sorted { $0.rank < $1.rank }.map { ($0.name, $0.checkpoint) })
  }

  /// Places the shards of all ranks.
  ///
  /// - Parameter files: In the order of ranks.
  /// - Returns: The whole tensors.
  /// - Throws: ``ParseFailure`` if the shards of a tensor are not the whole of it.
  private func assemble(_ files: [(name: String, contents: Checkpoint)]) throws(ParseFailure) -> Checkpoint {
    let byteCount = files.reduce(0) { $0 + $1.contents.byteCount }
    let limits = limits.scaled(toFile: byteCount)
    var checkpoint = Checkpoint(container: .distributed, byteCount: byteCount)
    // What every rank has whole is the first rank's.
    var whole: Set<String> = []
    for (name, contents) in files {
      var fresh = contents
      fresh.keep { !whole.contains($0.name) }
      fresh.forgetParts()
      do throws(ParseFailure) {
        try checkpoint.add(fresh, prefix: [], limits: limits)
      } catch {
        throw error.inside(name)
      }
      whole.formUnion(fresh.tensors.map(\.name))
    }
    var order: [String] = []
    var tensors: [String: Parts] = [:]
    for (file, contents) in files {
      for part in contents.partial where !whole.contains(part.name) {
        if tensors[part.name] == nil { order.append(part.name) }
        do throws(ParseFailure) {
          try Self.add(part, in: file, to: &tensors)
        } catch {
          throw error.inside("\(file): \(part.name)")
        }
      }
    }
    for name in order {
      guard let parts = tensors[name] else { continue }
      do throws(ParseFailure) {
        let table = try ChunkTable(shape: parts.shape, chunks: parts.boxes)
        guard let type = parts.entries.first?.scalarType else { continue }
        let source = try AssembledSource(
          table, type, OpenedChunks(entries: parts.entries, names: parts.files))
        try checkpoint.add(
          try source.entry(id: checkpoint.nextStorage, name, limits: limits), path: parts.path, limits: limits
        )
      } catch {
        throw error.inside(name)
      }
    }
    return checkpoint
  }

  private static func add(
    _ part: PartialTensor, in file: String, to tensors: inout [String: Parts]
  ) throws(ParseFailure) {
    guard !part.pieces.isEmpty else { throw ParseFailure(.unsupported(part.reason), hint: hint) }
    var parts = tensors[part.name] ?? Parts(shape: part.shape, path: part.path)
    guard parts.shape == part.shape else {
      throw ParseFailure(.invalid("the whole has shape \(part.shape); another file says \(parts.shape)"))
    }
    for piece in part.pieces {
      let box = (offsets: piece.offsets, sizes: piece.entry.shape)
      // Replicas on other ranks have the same values.
      guard !parts.boxes.contains(where: { $0 == box }) else { continue }
      parts.boxes.append(box)
      parts.entries.append(piece.entry)
      parts.files.append(file)
    }
    tensors[part.name] = parts
  }
}
