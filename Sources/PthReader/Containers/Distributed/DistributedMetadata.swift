internal import SWTBytes
internal import SWTTensors

/// The contents of `.metadata`: which tensors a distributed checkpoint has, and in which file each chunk is.
///
/// Source: `Metadata` in torch/distributed/checkpoint/metadata.py, and `_StorageInfo` in filesystem.py. It is
/// a pickle, read as inert data.
struct DistributedMetadata {
  /// A range of bytes in a file of the folder.
  struct Place {
    /// Index in ``files``.
    let file: Int
    let offset: Int
    let byteCount: Int
  }

  /// A tensor, with the box and the place of each chunk.
  struct Tensor {
    let type: ScalarType
    let shape: [Int]
    var boxes: [(offsets: [Int], sizes: [Int])] = []
    var places: [Place] = []
  }

  enum Value {
    case tensor(Tensor)
    /// A pickled value that is not a tensor.
    case object(Place)
  }

  struct Item {
    /// The flat name.
    let name: String
    /// The structure before it was flattened.
    let path: [PathComponent]
    let value: Value
  }

  let pickle: Pickle
  /// In the order of the state dict.
  private(set) var items: [Item] = []
  /// Names of the files, in order of first mention.
  private(set) var files: [String] = []

  private let limits: ParseLimits
  private var arena: PickleArena { pickle.arena }

  init(_ source: any ByteSource, limits: ParseLimits) throws(ParseFailure) {
    var reader = try ByteReader(source)
    pickle = try PickleMachine.read(&reader, limits: limits)
    self.limits = limits
    let parts = pickle.arena.attributes(of: pickle.root)
    guard let states = parts["state_dict_metadata"], let storage = parts["storage_data"],
      pickle.arena.kind(states) == .dict, pickle.arena.kind(storage) == .dict
    else {
      throw ParseFailure(
        .invalid(
          "it has no state_dict_metadata or no storage_data: not the metadata of "
            + "torch.distributed.checkpoint"))
    }
    let paths = parts["planner_data"].map { Self.paths(pickle.arena, $0) } ?? [:]
    var rows = try rows(storage)
    var known: Set<ExactString> = []
    for (key, entry) in pickle.arena.items(of: states) {
      guard let name = pickle.arena.text(key) else {
        throw ParseFailure(.invalid("the name of a tensor is not text"))
      }
      try limits.check(.nameBytes, name.utf8.count)
      guard known.insert(name).inserted else {
        throw ParseFailure(.invalid("two entries have the name \(name)"))
      }
      try limits.check(.tensors, known.count)
      do throws(ParseFailure) {
        let value = try value(entry, rows.removeValue(forKey: name) ?? [])
        items.append(Item(name: name, path: paths[name] ?? [.key(name)], value: value))
      } catch {
        throw error.inside(name)
      }
    }
    if let name = rows.keys.min() {
      throw ParseFailure(.invalid("storage_data has chunks of \(name), which is not in state_dict_metadata"))
    }
  }

  // MARK: Rows

  private struct Row {
    let offset: [Int]?
    let place: Place
  }

  /// The rows of `storage_data`, by name.
  private mutating func rows(_ id: NodeID) throws(ParseFailure) -> [ExactString: [Row]] {
    var rows: [ExactString: [Row]] = [:]
    var indices: [ExactString: Int] = [:]
    let items = arena.items(of: id)
    try limits.check(.entries, items.count)
    for (key, value) in items {
      let (index, info) = (arena.attributes(of: key), arena.attributes(of: value))
      guard let name = index["fqn"].flatMap({ arena.text($0) }) else {
        throw ParseFailure(.invalid("a chunk has no name"))
      }
      do throws(ParseFailure) {
        var offset: [Int]?
        if let id = index["offset"], arena.kind(id) != .none {
          offset = try arena.integers(id, "offset of a chunk", limits: limits)
        }
        rows[name, default: []].append(Row(offset: offset, place: try place(info, &indices)))
      } catch {
        throw error.inside("storage_data of \(name)")
      }
    }
    return rows
  }

  private mutating func place(
    _ info: [String: NodeID], _ indices: inout [ExactString: Int]
  ) throws(ParseFailure) -> Place {
    guard let file = info["relative_path"].flatMap({ arena.text($0) }),
      let offset = info["offset"].flatMap({ arena.int($0) }),
      let byteCount = info["length"].flatMap({ arena.int($0) }), offset >= 0, byteCount > 0
    else { throw ParseFailure(.invalid("a chunk has no file, offset and length")) }
    if let transforms = info["transform_descriptors"], arena.kind(transforms) != .none,
      arena.elementCount(transforms) > 0
    {
      let names = (arena.elements(transforms) ?? []).compactMap { arena.text($0) }.joined(separator: ", ")
      throw ParseFailure(
        .unsupported("the chunks were transformed when they were written (\(names))"),
        hint: DistributedFolder.conversionHint)
    }
    // The metadata determines which files are opened, so it must not name files outside the folder.
    guard Folder.isName(file) else {
      throw ParseFailure(.invalid("the file '\(file.prefix(64))' is not in the folder of .metadata"))
    }
    let index = indices[file] ?? files.count
    if index == files.count {
      indices[file] = index
      files.append(file)
    }
    return Place(file: index, offset: offset, byteCount: byteCount)
  }

  // MARK: Entries

  private func value(_ id: NodeID, _ rows: [Row]) throws(ParseFailure) -> Value {
    let parts = arena.attributes(of: id)
    guard let size = parts["size"], let properties = parts["properties"], let list = parts["chunks"] else {
      guard let object = arena.object(id), arena.global(object.callable)?.name == "BytesStorageMetadata"
      else {
        throw ParseFailure(.unsupported("an entry that is neither a tensor nor bytes"))
      }
      guard rows.count == 1, let row = rows.first else {
        throw ParseFailure(.invalid("it is stored in \(rows.count) places; expected 1"))
      }
      return .object(row.place)
    }
    let shape = try arena.integers(size, "size", limits: limits)
    var tensor = Tensor(type: try elementType(properties), shape: shape)
    var boxes: [[Int]: [Int]] = [:]
    for chunk in arena.elements(list) ?? [] {
      let parts = arena.attributes(of: chunk)
      guard let offsets = parts["offsets"], let sizes = parts["sizes"] else {
        throw ParseFailure(.invalid("a chunk has no offsets or no sizes"))
      }
      let place = try arena.integers(offsets, "offset of a chunk", limits: limits)
      let box = try arena.integers(sizes, "size of a chunk", limits: limits)
      // Empty shards may have the same offset as others.
      guard !box.contains(0) || boxes[place] == nil else { continue }
      if let other = boxes.updateValue(box, forKey: place), !other.contains(0) {
        throw ParseFailure(.invalid("two chunks at \(place); \(ChunkTable.remedy)"))
      }
    }
    for row in rows {
      let offset = row.offset ?? [Int](repeating: 0, count: shape.count)
      guard let sizes = boxes.removeValue(forKey: offset) else {
        throw ParseFailure(
          .invalid(
            "the chunk at \(offset) is stored twice, or is not one of its chunks; \(ChunkTable.remedy)"))
      }
      tensor.boxes.append((offset, sizes))
      tensor.places.append(row.place)
    }
    if let missing = boxes.first(where: { !$0.value.contains(0) }) {
      throw ParseFailure(
        .invalid("the chunk at \(missing.key) is stored in no file; \(ChunkTable.remedy)"))
    }
    return .tensor(tensor)
  }

  /// The first of the properties, which are pickled as a tuple.
  private func elementType(_ properties: NodeID) throws(ParseFailure) -> ScalarType {
    let tuple = arena.object(properties)?.state.flatMap { arena.elements($0)?.first }
    guard let id = arena.attributes(of: properties)["dtype"] ?? tuple, let dtype = arena.global(id) else {
      throw ParseFailure(.invalid("it has no element type"))
    }
    guard let type = TorchTypes.dtype(dtype) else {
      throw ParseFailure(.unsupported("element type \(dtype.qualified)"))
    }
    return type
  }

  /// `planner_data`: the path of each flat name.
  private static func paths(_ arena: PickleArena, _ id: NodeID) -> [ExactString: [PathComponent]] {
    var paths: [ExactString: [PathComponent]] = [:]
    for (key, value) in arena.items(of: id) {
      guard let name = arena.text(key), let ids = arena.elements(value), arena.kind(value) == .tuple else {
        continue
      }
      let path = ids.compactMap { id in
        arena.text(id).map(PathComponent.key) ?? arena.int(id).map(PathComponent.index)
      }
      // The flat name is authoritative: a path that does not spell it is left out.
      if path.count == ids.count, path.map(\.description).joined(separator: ".") == name {
        paths[name] = path
      }
    }
    return paths
  }
}
