internal import SWTBytes
internal import SWTTensors

/// Reads the objects of a ``DistributedMetadata``: rows of `storage_data`, and entries of `state_dict_metadata`.
struct MetadataReader {
  /// A row of `storage_data`.
  struct Row {
    /// Index of the entry that it belongs to.
    let item: UInt32
    /// Offset of the chunk in the tensor; nil for the start.
    let offset: NodeID?
    let place: DistributedMetadata.Place
  }

  /// The name of an attribute that is read, of any class.
  private enum Name: String {
    case fqn, offset, length, properties, size, chunks, offsets, sizes, dtype
    case file = "relative_path"
    case transforms = "transform_descriptors"
  }

  private struct Attributes {
    private(set) var fqn, offset, length, file, transforms: NodeID?
    private(set) var properties, size, chunks, offsets, sizes, dtype: NodeID?

    mutating func set(_ name: Name, _ value: NodeID) {
      switch name {
      case .fqn: fqn = value
      case .offset: offset = value
      case .length: length = value
      case .file: file = value
      case .transforms: transforms = value
      case .properties: properties = value
      case .size: size = value
      case .chunks: chunks = value
      case .offsets: offsets = value
      case .sizes: sizes = value
      case .dtype: dtype = value
      }
    }
  }

  private let arena: PickleArena
  private let limits: ParseLimits
  /// Names of the files, in order of first mention.
  private(set) var files: [String] = []
  private var fileIndices: [ExactString: UInt32] = [:]
  /// Names of attributes that were met: a pickle writes each once, and refers to it.
  private var known: [NodeID: Name?] = [:]
  private var lastType: (properties: NodeID, type: ScalarType)?

  init(_ arena: PickleArena, _ limits: ParseLimits) {
    self.arena = arena
    self.limits = limits
  }

  private mutating func attributes(of id: NodeID) -> Attributes {
    var all = Attributes()
    arena.forEachAttribute(of: id) { key, value in
      if let name = name(key) { all.set(name, value) }
    }
    return all
  }

  private mutating func name(_ key: NodeID) -> Name? {
    if let name = known[key] { return name }
    let name = arena.text(key).flatMap(Name.init)
    // A pickle that writes a name again each time must not make this grow.
    if known.count < 64 { known[key] = .some(name) }
    return name
  }

  // MARK: Rows

  /// The rows of `storage_data`, in the order of the entries, whose indices are given by name.
  mutating func rows(
    _ id: NodeID, _ indices: [ExactString: UInt32]
  ) throws(ParseFailure) -> [Row] {
    let count = arena.elementCount(id) / 2
    try limits.check(.entries, count)
    var rows: [Row] = []
    rows.reserveCapacity(count)
    for place in 0..<count {
      rows.append(
        try row(arena.element(2 * place, of: id), arena.element(2 * place + 1, of: id), indices))
    }
    rows.sort { $0.item < $1.item }
    return rows
  }

  private mutating func row(
    _ key: NodeID, _ value: NodeID, _ indices: [ExactString: UInt32]
  ) throws(ParseFailure) -> Row {
    let index = attributes(of: key)
    guard let name = index.fqn.flatMap({ arena.text($0) }) else {
      throw ParseFailure(.invalid("a chunk has no name"))
    }
    guard let item = indices[name] else {
      throw ParseFailure(.invalid("storage_data has chunks of \(name), which is not in state_dict_metadata"))
    }
    let offset = index.offset.flatMap { arena.kind($0) == .none ? nil : $0 }
    do throws(ParseFailure) {
      return Row(item: item, offset: offset, place: try place(attributes(of: value)))
    } catch {
      throw error.inside("storage_data of \(name)")
    }
  }

  private mutating func place(_ info: Attributes) throws(ParseFailure) -> DistributedMetadata.Place {
    guard let file = info.file.flatMap({ arena.text($0) }),
      let offset = info.offset.flatMap({ arena.int($0) }),
      let byteCount = info.length.flatMap({ arena.int($0) }), offset >= 0, byteCount > 0
    else { throw ParseFailure(.invalid("a chunk has no file, offset and length")) }
    if let transforms = info.transforms, arena.kind(transforms) != .none, arena.elementCount(transforms) > 0 {
      let names = (arena.elements(transforms) ?? []).compactMap { arena.text($0) }.joined(separator: ", ")
      throw ParseFailure(
        .unsupported("the chunks were transformed when they were written (\(names))"),
        hint: DistributedFolder.conversionHint)
    }
    if let index = fileIndices[file] {
      return DistributedMetadata.Place(file: index, offset: offset, byteCount: byteCount)
    }
    // The metadata determines which files are opened, so it must not name files outside the folder.
    guard Folder.isName(file) else {
      throw ParseFailure(.invalid("the file '\(file.prefix(64))' is not in the folder of .metadata"))
    }
    let index = UInt32(files.count)
    fileIndices[file] = index
    files.append(file)
    return DistributedMetadata.Place(file: index, offset: offset, byteCount: byteCount)
  }

  // MARK: Entries

  /// An entry of `state_dict_metadata` that is stored in these rows.
  mutating func value(_ id: NodeID, _ rows: ArraySlice<Row>) throws(ParseFailure) -> DistributedMetadata.Value
  {
    let parts = attributes(of: id)
    guard let size = parts.size, let properties = parts.properties, let list = parts.chunks else {
      guard let object = arena.object(id), arena.global(object.callable)?.name == "BytesStorageMetadata"
      else {
        throw ParseFailure(.unsupported("an entry that is neither a tensor nor bytes"))
      }
      guard rows.count == 1 else {
        throw ParseFailure(.invalid("it is stored in \(rows.count) places; expected 1"))
      }
      return .object
    }
    let shape = try arena.integers(size, "size", limits: limits)
    let type = try elementType(properties)
    let boxes = try boxes(list)
    if let row = rows.first, rows.count == 1, boxes.count == 1, let box = boxes.first, box.sizes == shape,
      box.offsets == zeros(shape), try offset(row, shape) == box.offsets
    {
      return .tensor(type, try ChunkTable(whole: shape))
    }
    return .tensor(type, try table(shape, boxes, rows))
  }

  private func zeros(_ shape: [Int]) -> [Int] { [Int](repeating: 0, count: shape.count) }

  private func offset(_ row: Row, _ shape: [Int]) throws(ParseFailure) -> [Int] {
    guard let id = row.offset else { return zeros(shape) }
    return try arena.integers(id, "offset of a chunk", limits: limits)
  }

  private mutating func boxes(
    _ list: NodeID
  ) throws(ParseFailure) -> [(offsets: [Int], sizes: [Int])] {
    var boxes: [(offsets: [Int], sizes: [Int])] = []
    for place in 0..<arena.elementCount(list) {
      let parts = attributes(of: arena.element(place, of: list))
      guard let offsets = parts.offsets, let sizes = parts.sizes else {
        throw ParseFailure(.invalid("a chunk has no offsets or no sizes"))
      }
      boxes.append(
        (
          try arena.integers(offsets, "offset of a chunk", limits: limits),
          try arena.integers(sizes, "size of a chunk", limits: limits)
        ))
    }
    return boxes
  }

  /// The table of the chunks in these rows, which must be those of the entry.
  private func table(
    _ shape: [Int], _ list: [(offsets: [Int], sizes: [Int])], _ rows: ArraySlice<Row>
  ) throws(ParseFailure) -> ChunkTable {
    var boxes: [[Int]: [Int]] = [:]
    for (place, box) in list {
      // Empty shards may have the same offset as others.
      guard !box.contains(0) || boxes[place] == nil else { continue }
      if let other = boxes.updateValue(box, forKey: place), !other.contains(0) {
        throw ParseFailure(.invalid("two chunks at \(place); \(ChunkTable.remedy)"))
      }
    }
    var chunks: [(offsets: [Int], sizes: [Int])] = []
    for row in rows {
      let offset = try offset(row, shape)
      guard let sizes = boxes.removeValue(forKey: offset) else {
        throw ParseFailure(
          .invalid(
            "the chunk at \(offset) is stored twice, or is not one of its chunks; \(ChunkTable.remedy)"))
      }
      chunks.append((offset, sizes))
    }
    if let missing = boxes.first(where: { !$0.value.contains(0) }) {
      throw ParseFailure(
        .invalid("the chunk at \(missing.key) is stored in no file; \(ChunkTable.remedy)"))
    }
    return try ChunkTable(shape: shape, chunks: chunks)
  }

  /// The first of the properties, which are pickled as a tuple.
  private mutating func elementType(_ properties: NodeID) throws(ParseFailure) -> ScalarType {
    // Objects with the same properties are often one object.
    if let (known, type) = lastType, known == properties { return type }
    let tuple = arena.object(properties)?.state.flatMap { arena.elements($0)?.first }
    guard let id = attributes(of: properties).dtype ?? tuple, let dtype = arena.global(id) else {
      throw ParseFailure(.invalid("it has no element type"))
    }
    guard let type = TorchTypes.dtype(dtype) else {
      throw ParseFailure(.unsupported("element type \(dtype.qualified)"))
    }
    lastType = (properties, type)
    return type
  }
}
