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
    let file: UInt32
    let offset: Int
    let byteCount: Int
  }

  enum Value {
    /// A tensor; its table was made from its ``Item/places``.
    case tensor(ScalarType, ChunkTable)
    /// A pickled value that is not a tensor, in one place.
    case object
  }

  struct Item {
    /// The flat name.
    let name: String
    /// The structure before it was flattened.
    fileprivate(set) var path: [PathComponent]
    fileprivate(set) var value = Value.object
    /// Where it is stored, in ``DistributedMetadata/places``.
    fileprivate(set) var places = 0..<0
  }

  /// In the order of the state dict.
  private(set) var items: [Item] = []
  /// Where the chunks of each item are, in the order of the items.
  private(set) var places: [Place] = []
  /// Names of the files, in order of first mention.
  private(set) var files: [String] = []

  /// - Parameters:
  ///   - pickle: The contents of `.metadata`; not kept, because it takes more memory than what is made of it.
  ///   - limits: Limits on names, tensors and chunks.
  /// - Throws: ``ParseFailure`` unless it describes tensors whose chunks are the whole of each.
  init(_ pickle: Pickle, limits: ParseLimits) throws(ParseFailure) {
    let arena = pickle.arena
    let parts = arena.attributes(of: pickle.root)
    guard let states = parts["state_dict_metadata"], let storage = parts["storage_data"],
      arena.kind(states) == .dict, arena.kind(storage) == .dict
    else {
      throw ParseFailure(
        .invalid(
          "it has no state_dict_metadata or no storage_data: not the metadata of "
            + "torch.distributed.checkpoint"))
    }
    var indices: [ExactString: UInt32] = [:]
    let count = arena.elementCount(states) / 2
    items.reserveCapacity(min(count, Int(clamping: limits[.tensors])))
    for place in 0..<count {
      guard let name = arena.text(arena.element(2 * place, of: states)) else {
        throw ParseFailure(.invalid("the name of a tensor is not text"))
      }
      try limits.check(.nameBytes, name.utf8.count)
      guard indices.updateValue(UInt32(place), forKey: ExactString(name)) == nil else {
        throw ParseFailure(.invalid("two entries have the name \(name)"))
      }
      try limits.check(.tensors, indices.count)
      items.append(Item(name: name, path: [.key(name)]))
    }
    if let planner = parts["planner_data"] { readPaths(arena, planner, indices) }
    var reader = MetadataReader(arena, limits)
    let rows = try reader.rows(storage, indices)
    files = reader.files
    places.reserveCapacity(rows.count)
    var next = 0
    for index in items.indices {
      let first = next
      while next < rows.count, rows[next].item == index {
        places.append(rows[next].place)
        next += 1
      }
      items[index].places = first..<next
      do throws(ParseFailure) {
        items[index].value = try reader.value(arena.element(2 * index + 1, of: states), rows[first..<next])
      } catch {
        throw error.inside(items[index].name)
      }
    }
  }

  /// `planner_data`: the path of each flat name.
  private mutating func readPaths(_ arena: PickleArena, _ id: NodeID, _ indices: [ExactString: UInt32]) {
    for item in 0..<(arena.kind(id) == .dict ? arena.elementCount(id) / 2 : 0) {
      let value = arena.element(2 * item + 1, of: id)
      guard arena.kind(value) == .tuple, let name = arena.text(arena.element(2 * item, of: id)),
        let index = indices[name]
      else { continue }
      var path: [PathComponent] = []
      path.reserveCapacity(arena.elementCount(value))
      for place in 0..<arena.elementCount(value) {
        let id = arena.element(place, of: value)
        guard let part = arena.text(id).map(PathComponent.key) ?? arena.int(id).map(PathComponent.index)
        else {
          break
        }
        path.append(part)
      }
      // The flat name is authoritative: a path that does not spell it is left out.
      guard path.count > 1 || path != [.key(name)], path.count == arena.elementCount(value),
        path.map(\.description).joined(separator: ".") == name
      else { continue }
      items[Int(index)].path = path
    }
  }
}
