internal import SWTArchives
internal import SWTBytes
internal import SWTTensorFiles
internal import SWTTensors

/// A `.pt2` archive, as `torch.export.save` writes it: weights by name, described in JSON.
///
/// Source: torch/export/pt2_archive/constants.py and torch/_export/serde/schema.py. The first generation
/// (PyTorch 2.1) contains the state dict as a complete `torch.save` file.
struct ExportArchive {
  private let archive: ZipArchive
  private let prefix: String
  private let isFirstGeneration: Bool

  private static let firstGeneration = "serialized_state_dict.pt"

  /// Nil if the archive is not a `.pt2` archive.
  init?(_ archive: ZipArchive) throws(ParseFailure) {
    self.archive = archive
    for entry in archive.entries {
      if entry.name == Self.firstGeneration || entry.name.hasSuffix("/" + Self.firstGeneration) {
        prefix = String(entry.name.dropLast(Self.firstGeneration.count))
        isFirstGeneration = true
        return
      }
      if entry.name == "archive_format" || entry.name.hasSuffix("/archive_format") {
        guard try archive.text(entry.name) == "pt2" else { continue }
        prefix = String(entry.name.dropLast("archive_format".count))
        isFirstGeneration = false
        return
      }
    }
    return nil
  }

  func read(nesting: Int) throws(ParseFailure) -> Checkpoint {
    var checkpoint = Checkpoint(container: .pt2, byteCount: archive.source.byteCount)
    if isFirstGeneration {
      for (record, folder) in [(Self.firstGeneration, ""), ("serialized_constants.pt", "<constants>")] {
        guard let entry = archive[prefix + record] else { continue }
        try addSavedFile(entry, to: &checkpoint, prefix: folder.isEmpty ? [] : [.key(folder)], nesting)
      }
      return checkpoint
    }
    let isBigEndian = try archive.isBigEndian(prefix: prefix)
    for (folder, ending) in [("weights", "_weights_config.json"), ("constants", "_constants_config.json")] {
      let path = "\(prefix)data/\(folder)/"
      let configs = archive.entries.filter { $0.name.hasPrefix(path) && $0.name.hasSuffix(ending) }
      for config in configs {
        let model = String(config.name.dropFirst(path.count).dropLast(ending.count))
        let place: [PathComponent] = configs.count > 1 ? [.key(model)] : []
        try addTensors(config, in: path, isBigEndian, to: &checkpoint, prefix: place, nesting)
      }
    }
    // A package that was compiled ahead of time has its weights inside the library, or nowhere.
    if checkpoint.tensors.isEmpty,
      archive.entries.contains(where: { $0.name.hasPrefix("\(prefix)data/aotinductor/") })
    {
      throw ParseFailure(
        .unsupported(
          "an AOTInductor package: compiled code, whose weights are inside its library or not in it"),
        hint:
          "convert the model that was compiled: torch.save its state_dict(), or torch.export.save its program"
      )
    }
    let samples = archive.entries.filter { $0.name.hasPrefix("\(prefix)data/sample_inputs/") }
    for entry in samples {
      checkpoint.skip(
        String(entry.name.dropFirst(prefix.count)), "example inputs of the export, not weights")
    }
    return checkpoint
  }

  /// Adds the tensors of one JSON configuration.
  private func addTensors(
    _ config: ZipEntry, in folder: String, _ isBigEndian: Bool, to checkpoint: inout Checkpoint,
    prefix: [PathComponent], _ nesting: Int
  ) throws(ParseFailure) {
    do throws(ParseFailure) {
      let document = try JSONValue.parse(
        try archive.bytes(config, limit: .jsonBytes), nodeLimit: ShardIndex.nodeLimit(archive.limits))
      guard let members = document["config"]?.members else {
        throw ParseFailure(.invalid("the configuration has no tensors"))
      }
      var storages: [ExactString: Storage] = [:]
      for member in members {
        guard let record = member.value["path_name"]?.string else {
          throw ParseFailure(.invalid("\(member.key) has no path_name"))
        }
        guard let entry = archive[folder + record] else {
          // Constants may be objects of the program without a record.
          checkpoint.skip(member.key, "the archive has no record \(folder + record)")
          continue
        }
        let path = prefix + [.key(member.key)]
        if member.value["use_pickle"]?.bool == true {
          try addSavedFile(entry, to: &checkpoint, prefix: path, nesting)
          continue
        }
        guard let meta = member.value["tensor_meta"], meta.members != nil else {
          checkpoint.skip(member.key, "a constant that is not a tensor")
          continue
        }
        let storage: Storage
        if let known = storages[record] {
          storage = known
        } else {
          storage = try archive.storage(entry, id: checkpoint.nextStorage, isBigEndian: isBigEndian)
          storages[record] = storage
        }
        do throws(ParseFailure) {
          try checkpoint.add(
            try tensor(meta, storage), path: path, limits: archive.limits)
        } catch {
          throw error.inside("tensor \(member.key)")
        }
      }
    } catch {
      throw error.inside(config.name)
    }
  }

  private func tensor(_ meta: JSONValue, _ storage: Storage) throws(ParseFailure) -> TensorEntry {
    guard let code = meta["dtype"]?.int else { throw ParseFailure(.invalid("the element type is missing")) }
    guard let type = TorchTypes.exportedType(code) else {
      throw ParseFailure(.unsupported("element type number \(code)"))
    }
    if let layout = meta["layout"]?.int, layout != 7 {
      throw ParseFailure(.unsupported("a tensor that is not strided (layout \(layout))"))
    }
    let layout = try StridedLayout(
      shape: try integers(meta["sizes"], "size"), strides: try integers(meta["strides"], "stride"),
      offset: try integer(meta["storage_offset"], "storage offset"))
    return try TensorEntry.checked(
      scalarType: type, layout: layout, storage: storage, limits: archive.limits)
  }

  private func integers(_ value: JSONValue?, _ what: String) throws(ParseFailure) -> [Int] {
    guard let items = value?.array else { throw ParseFailure(.invalid("the \(what) is missing")) }
    try archive.limits.check(.rank, items.count)
    var numbers: [Int] = []
    for item in items { numbers.append(try integer(item, what)) }
    return numbers
  }

  /// `{"as_int": n}`, or just a number.
  private func integer(_ value: JSONValue?, _ what: String) throws(ParseFailure) -> Int {
    guard let number = value?["as_int"]?.int ?? value?.int else {
      throw ParseFailure(.invalid("the \(what) is not a number"))
    }
    return number
  }

  /// Adds a record that is itself a `torch.save` file.
  private func addSavedFile(
    _ entry: ZipEntry, to checkpoint: inout Checkpoint, prefix: [PathComponent], _ nesting: Int
  ) throws(ParseFailure) {
    try archive.limits.check(.nesting, nesting + 1)
    do throws(ParseFailure) {
      let inner = try CheckpointReader.read(
        try archive.data(entry), limits: archive.limits, nesting: nesting + 1)
      try checkpoint.add(inner, prefix: prefix, limits: archive.limits)
    } catch {
      throw error.inside(entry.name)
    }
  }
}
