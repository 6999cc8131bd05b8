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
  private let files: [PooledFile]
  private var checkpoint: Checkpoint

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
    checkpoint = Checkpoint(container: .distributed, byteCount: source.byteCount)
    do throws(ParseFailure) {
      let limits = limits.scaled(toFile: source.byteCount)
      var reader = try ByteReader(source)
      let pickle = try PickleMachine.read(&reader, limits: limits)
      checkpoint.mention(pickle)
      metadata = try DistributedMetadata(pickle, limits: limits)
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
    checkpoint.byteCount += files.reduce(0) { $0 + $1.byteCount }
    self.limits = limits.scaled(toFile: checkpoint.byteCount)
  }

  func read() throws(ParseFailure) -> Checkpoint {
    var checkpoint = checkpoint
    let unused = try requireApart()
    let archives = ChunkArchives(metadata.places, files, metadata.files, limits)
    checkpoint.reserve(metadata.items.count)
    for item in metadata.items {
      do throws(ParseFailure) {
        switch item.value {
        case .tensor(let type, let table):
          let chunks = ArchivedChunks(archives: archives, first: item.places.lowerBound)
          try checkpoint.add(
            try AssembledSource(table, type, chunks).entry(
              id: checkpoint.nextStorage, item.name, limits: limits),
            path: item.path, limits: limits)
        case .object: try add(metadata.places[item.places.lowerBound], item, to: &checkpoint)
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

  /// A value that is not a tensor, which is inert; tensors inside it are found all the same.
  private func add(
    _ place: DistributedMetadata.Place, _ item: DistributedMetadata.Item, to checkpoint: inout Checkpoint
  ) throws(ParseFailure) {
    let source = try SubSource(files[Int(place.file)], at: place.offset, count: place.byteCount)
    do throws(ParseFailure) {
      try checkpoint.add(
        try CheckpointReader.read(source, limits: limits, nesting: 1), prefix: item.path, limits: limits)
    } catch {
      throw error.inside("\(metadata.files[Int(place.file)]), archive at byte \(place.offset)")
    }
  }

  /// Checks that every chunk has bytes of its own, inside its file.
  ///
  /// - Returns: What the files have besides, as clauses.
  private func requireApart() throws(ParseFailure) -> [String] {
    for item in metadata.items {
      for place in metadata.places[item.places] {
        let file = files[Int(place.file)]
        guard place.offset <= file.byteCount, place.byteCount <= file.byteCount - place.offset else {
          throw ParseFailure(
            .truncated(needed: place.byteCount, available: max(0, file.byteCount - place.offset)),
            at: place.offset, in: [metadata.files[Int(place.file)], item.name],
            hint: "the file is shorter than \(Self.metadataName) says: copy it again")
        }
      }
    }
    var unused: [String] = []
    var ends = [Int](repeating: 0, count: files.count)
    func note(_ count: Int, of file: Int) {
      guard count > 0 else { return }
      unused.append("\(count) bytes of \(metadata.files[file]) at \(ends[file]), in no chunk")
    }
    for place in metadata.places.sorted(by: { ($0.file, $0.offset) < ($1.file, $1.offset) }) {
      let file = Int(place.file)
      guard place.offset >= ends[file] else {
        throw ParseFailure(.invalid("two chunks share bytes of \(metadata.files[file])"), at: place.offset)
      }
      note(place.offset - ends[file], of: file)
      ends[file] = place.offset + place.byteCount
    }
    for (file, end) in ends.enumerated() { note(files[file].byteCount - end, of: file) }
    return unused
  }
}

/// The archives of all chunks, in the files of a folder.
private final class ChunkArchives: Sendable {
  let places: [DistributedMetadata.Place]
  let files: [PooledFile]
  let names: [String]
  let templates = ArchiveTemplates()
  let limits: ParseLimits

  init(
    _ places: [DistributedMetadata.Place], _ files: [PooledFile], _ names: [String], _ limits: ParseLimits
  ) {
    self.places = places
    self.files = files
    self.names = names
    self.limits = limits
  }
}

/// Chunks that are archives of `torch.save` in the files of a folder, each of one tensor.
private struct ArchivedChunks: ChunkProvider {
  let archives: ChunkArchives
  /// Index of the tensor's first chunk.
  let first: Int

  func open(_ position: Int) throws(ParseFailure) -> TensorEntry {
    let place = archives.places[first + position]
    let file = archives.files[Int(place.file)]
    guard place.byteCount > ArchiveTemplates.archiveBytes else {
      // Read at once: its directory, pickle and values are a dozen reads otherwise.
      let bytes = try file.bytes(at: place.offset, count: place.byteCount)
      if let entry = archives.templates.entry(bytes) { return entry }
      let source = MemorySource(bytes)
      let entry = try read(source)
      archives.templates.add(entry, in: bytes, source, archives.limits)
      return entry
    }
    return try read(try SubSource(file, at: place.offset, count: place.byteCount))
  }

  private func read(_ source: any ByteSource) throws(ParseFailure) -> TensorEntry {
    let checkpoint = try CheckpointReader.read(
      source, limits: archives.limits.scaled(toFile: source.byteCount), nesting: 1)
    try checkpoint.requireHarmless()
    guard let tensor = checkpoint.tensors.first, checkpoint.tensors.count == 1, tensor.path.isEmpty,
      checkpoint.partial.isEmpty, checkpoint.sparse.isEmpty, tensor.quantizer == nil
    else { throw ParseFailure(.invalid("the archive of the chunk is not one plain tensor")) }
    return tensor
  }

  func place(_ position: Int) -> String {
    let place = archives.places[first + position]
    return "\(archives.names[Int(place.file)]), archive at byte \(place.offset)"
  }
}
