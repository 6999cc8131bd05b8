internal import SWTBytes
internal import SWTTensors

/// A folder that `torch.distributed.checkpoint` wrote: `.metadata`, and files with one `torch.save` archive per
/// chunk, one after another.
struct DistributedFolder {
  static let metadataName = ".metadata"
  /// PyTorch's own way to one file.
  static let conversionHint =
    "PyTorch makes one file of it: python -m torch.distributed.checkpoint.format_utils dcp_to_torch FOLDER OUT"

  private let path: String
  private let limits: ParseLimits
  private let metadata: DistributedMetadata
  private let metadataBytes: Int
  private let files: [PooledFile]
  private let templates = ArchiveTemplates()

  init(_ path: String, limits: ParseLimits) throws(ParseFailure) {
    let source: FileSource
    do throws(ParseFailure) {
      source = try FileSource(path: Folder.join(path, Self.metadataName))
    } catch {
      guard case .system(let system) = error.reason, system.isMissing else {
        throw error.inside(Self.metadataName)
      }
      throw ParseFailure(
        .invalid("the folder has data files of a distributed checkpoint, but no \(Self.metadataName)"),
        hint: "copy the whole folder; the file was written last, so the save may not have been finished")
    }
    self.path = path
    metadataBytes = source.byteCount
    do throws(ParseFailure) {
      metadata = try DistributedMetadata(source, limits: limits.scaled(toFile: source.byteCount))
    } catch {
      throw error.inside(Self.metadataName)
    }
    let pool = FilePool()
    var files: [PooledFile] = []
    for name in metadata.files {
      do throws(ParseFailure) {
        files.append(try pool.add(Folder.join(path, name)))
      } catch {
        guard case .system(let system) = error.reason, system.isMissing else { throw error.inside(name) }
        throw ParseFailure(
          .invalid("\(name) is not in the folder, but \(Self.metadataName) names it"),
          hint: "copy all \(metadata.files.count) files of the checkpoint to one folder")
      }
    }
    self.files = files
    self.limits = limits.scaled(toFile: files.reduce(source.byteCount) { $0 + $1.byteCount })
  }

  func read() throws(ParseFailure) -> Checkpoint {
    var checkpoint = Checkpoint(
      container: .distributed, byteCount: files.reduce(metadataBytes) { $0 + $1.byteCount })
    checkpoint.mention(metadata.pickle)
    let unused = try requireApart()
    for item in metadata.items {
      do throws(ParseFailure) {
        switch item.value {
        case .tensor(let tensor): try add(tensor, item, to: &checkpoint)
        case .object(let place): try add(place, item, to: &checkpoint)
        }
      } catch {
        throw error.inside(item.name)
      }
    }
    for reason in unused { checkpoint.skip("", reason) }
    let names = (try? Folder.names(in: path)) ?? []
    let known = Set(metadata.files)
    for name in names where !name.hasPrefix(".") && !known.contains(name) {
      checkpoint.skip("", "\(name), which \(Self.metadataName) does not mention")
    }
    return checkpoint
  }

  private func add(
    _ tensor: DistributedMetadata.Tensor, _ item: DistributedMetadata.Item, to checkpoint: inout Checkpoint
  ) throws(ParseFailure) {
    let table = try ChunkTable(shape: tensor.shape, chunks: tensor.boxes)
    let chunks = ArchivedChunks(
      places: tensor.places, files: files, names: metadata.files, templates: templates, limits: limits)
    try checkpoint.add(
      try AssembledSource(table, tensor.type, chunks).entry(
        id: checkpoint.nextStorage, item.name, limits: limits),
      path: item.path, limits: limits)
  }

  /// A value that is not a tensor, which is inert; tensors inside it are found all the same.
  private func add(
    _ place: DistributedMetadata.Place, _ item: DistributedMetadata.Item, to checkpoint: inout Checkpoint
  ) throws(ParseFailure) {
    let source = try SubSource(files[place.file], at: place.offset, count: place.byteCount)
    do throws(ParseFailure) {
      try checkpoint.add(
        try CheckpointReader.read(source, limits: limits, nesting: 1), prefix: item.path, limits: limits)
    } catch {
      throw error.inside("\(metadata.files[place.file]), archive at byte \(place.offset)")
    }
  }

  /// Checks that every chunk has bytes of its own, inside its file.
  ///
  /// - Returns: What the files have besides, as clauses.
  private func requireApart() throws(ParseFailure) -> [String] {
    var unused: [String] = []
    var byFile: [[(offset: Int, end: Int)]] = Array(repeating: [], count: files.count)
    for item in metadata.items {
      let places: [DistributedMetadata.Place] =
        switch item.value {
        case .tensor(let tensor): tensor.places
        case .object(let place): [place]
        }
      for place in places {
        let file = files[place.file]
        guard place.offset <= file.byteCount, place.byteCount <= file.byteCount - place.offset else {
          throw ParseFailure(
            .truncated(needed: place.byteCount, available: max(0, file.byteCount - place.offset)),
            at: place.offset, in: [metadata.files[place.file], item.name],
            hint: "the file is shorter than \(Self.metadataName) says: copy it again")
        }
        byFile[place.file].append((place.offset, place.offset + place.byteCount))
      }
    }
    for (index, ranges) in byFile.enumerated() {
      let name = metadata.files[index]
      var end = 0
      for range in ranges.sorted(by: { $0.offset < $1.offset }) {
        guard range.offset >= end else {
          throw ParseFailure(.invalid("two chunks share bytes of \(name)"), at: range.offset)
        }
        if range.offset > end {
          unused.append("\(range.offset - end) bytes of \(name) at \(end), in no chunk")
        }
        end = range.end
      }
      let left = files[index].byteCount - end
      if left > 0 { unused.append("\(left) bytes of \(name) at \(end), in no chunk") }
    }
    return unused
  }
}

/// Chunks that are archives of `torch.save` in the files of a folder, each of one tensor.
private struct ArchivedChunks: ChunkProvider {
  let places: [DistributedMetadata.Place]
  let files: [PooledFile]
  let names: [String]
  let templates: ArchiveTemplates
  let limits: ParseLimits

  func open(_ position: Int) throws(ParseFailure) -> TensorEntry {
    let place = places[position]
    guard place.byteCount > ArchiveTemplates.archiveBytes else {
      // Read at once: its directory, pickle and values are a dozen reads otherwise.
      let bytes = try files[place.file].bytes(at: place.offset, count: place.byteCount)
      if let entry = templates.entry(bytes) { return entry }
      let source = MemorySource(bytes)
      let entry = try read(source)
      templates.add(entry, in: bytes, source, limits)
      return entry
    }
    return try read(try SubSource(files[place.file], at: place.offset, count: place.byteCount))
  }

  private func read(_ source: any ByteSource) throws(ParseFailure) -> TensorEntry {
    let checkpoint = try CheckpointReader.read(
      source, limits: limits.scaled(toFile: source.byteCount), nesting: 1)
    try checkpoint.requireHarmless()
    guard let tensor = checkpoint.tensors.first, checkpoint.tensors.count == 1, tensor.path.isEmpty,
      checkpoint.partial.isEmpty, checkpoint.sparse.isEmpty, tensor.quantizer == nil
    else { throw ParseFailure(.invalid("the archive of the chunk is not one plain tensor")) }
    return tensor
  }

  func place(_ position: Int) -> String {
    "\(names[places[position].file]), archive at byte \(places[position].offset)"
  }
}
