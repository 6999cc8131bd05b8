internal import SWTBytes
internal import SWTTensors

/// The tar format that PyTorch wrote before 0.1.10: members `sys_info`, `pickle`, `tensors` and `storages`.
///
/// Source: torch/serialization.py, `_legacy_load`, and files from that time. The oldest dialect has no
/// location in its storage records, no list of views after them, and a different order of fields in its
/// tensor records.
struct TarArchive {
  private let source: any ByteSource
  private let limits: ParseLimits
  private let directory: TarDirectory

  static func recognizes(_ head: [UInt8]) -> Bool { TarDirectory.recognizes(head) }

  init(_ source: any ByteSource, limits: ParseLimits) throws(ParseFailure) {
    self.source = source
    self.limits = limits
    directory = try TarDirectory(source, limits: limits)
    for name in ["sys_info", "pickle", "tensors", "storages"] where directory.members[name] == nil {
      throw ParseFailure(
        .unsupported("a tar archive without member \(name), so not PyTorch's tar format"),
        hint: "members: \(directory.names.prefix(5).joined(separator: ", ")); unpack it first")
    }
  }

  func read(nesting: Int) throws(ParseFailure) -> Checkpoint {
    let isBigEndian = try byteOrderIsBig()
    var objects = Objects(tensors: [:], storages: [:])
    try readStorages(&objects, isBigEndian)
    try readTensors(&objects, isBigEndian)
    var reader = try reader("pickle")
    let pickle: Pickle
    do throws(ParseFailure) {
      pickle = try PickleMachine.read(&reader, limits: limits)
    } catch {
      throw error.inside("pickle")
    }
    var checkpoint = Checkpoint(container: .tar, byteCount: source.byteCount)
    try checkpoint.add(pickle, objects, limits: limits, nesting: nesting)
    return checkpoint
  }

  private func reader(_ member: String) throws(ParseFailure) -> ByteReader {
    guard let range = directory.members[member] else {
      throw ParseFailure(.invalid("member \(member) is missing"))
    }
    return try ByteReader(source, range)
  }

  /// Unlike in the legacy stream, data is in the byte order of the machine that wrote it.
  private func byteOrderIsBig() throws(ParseFailure) -> Bool {
    var reader = try reader("sys_info")
    let info = try PickleMachine.read(&reader, limits: limits)
    let items = info.arena.elements(info.root) ?? []
    var isBig = false
    for i in stride(from: 0, to: items.count - 1, by: 2) {
      switch info.arena.text(items[i]) {
      case "little_endian": isBig = info.arena.bool(items[i + 1]) == false
      case "protocol_version":
        guard info.arena.int(items[i + 1]) == 1000 else {
          throw ParseFailure(
            .unsupported("the protocol version of the tar format is not 1000"), in: ["sys_info"])
        }
      default: break
      }
    }
    return isBig
  }

  // MARK: Records

  /// Reads a member that consists of a pickled count and that many records.
  private func forEachRecord(
    of member: String, _ body: (inout ByteReader, Pickle, [NodeID]) throws(ParseFailure) -> Void
  ) throws(ParseFailure) -> ByteReader {
    var reader = try reader(member)
    do throws(ParseFailure) {
      let counter = try PickleMachine.read(&reader, limits: limits)
      guard let count = counter.arena.int(counter.root), count >= 0 else {
        throw ParseFailure(.invalid("the count is not a number"))
      }
      try limits.check(.tensors, count)
      for _ in 0..<count {
        let start = reader.offset
        let record = try PickleMachine.read(&reader, limits: limits)
        guard let parts = record.arena.elements(record.root), record.arena.kind(record.root) == .tuple else {
          throw ParseFailure(.invalid("a record is not a tuple"), at: start)
        }
        try body(&reader, record, parts)
      }
    } catch {
      throw error.inside(member)
    }
    return reader
  }

  private func readStorages(_ objects: inout Objects, _ isBigEndian: Bool) throws(ParseFailure) {
    var found: [ExactString: Stored] = [:]
    var hasLocations = false
    var reader = try forEachRecord(of: "storages") {
      (reader, record, parts) throws(ParseFailure) in
      // (key, location, type), or (key, type) in the oldest files.
      hasLocations = parts.count == 3
      guard parts.count == 2 || parts.count == 3, let key = record.key(parts[0]),
        let type = parts.last.flatMap({ record.arena.global($0) }).flatMap({ TorchTypes.storageType($0.name) }
        )
      else { throw ParseFailure(.invalid("a storage record has no key or no type"), at: reader.offset) }
      let count = try reader.integer(isBigEndian, "storage size")
      let byteCount = try Checked.multiply(count, type.byteWidth, "storage size")
      let start = reader.offset
      try reader.skip(byteCount)
      guard found[key] == nil else {
        throw ParseFailure(.invalid("storage \(key) occurs twice"), at: start)
      }
      let storage = Storage(
        id: found.count, byteCount: byteCount,
        source: try SubSource(source, at: start, count: byteCount), isBigEndian: isBigEndian,
        label: "storage \(key)")
      found[key] = Stored(storage: storage, type: type, count: count)
    }
    if hasLocations, reader.remaining > 0 {
      do throws(ParseFailure) {
        try addViews(try PickleMachine.read(&reader, limits: limits), to: &found)
      } catch {
        throw error.inside("storages")
      }
    }
    objects.storages = found
  }

  /// Adds storages that are views of others: `(key, root key, offset, count)`.
  private func addViews(
    _ views: Pickle, to found: inout [ExactString: Stored]
  ) throws(ParseFailure) {
    let arena = views.arena
    for view in arena.elements(views.root) ?? [] {
      guard let parts = arena.elements(view), parts.count == 4, let key = views.key(parts[0]),
        let rootKey = views.key(parts[1]), let offset = arena.int(parts[2]), let count = arena.int(parts[3])
      else { throw ParseFailure(.invalid("a view is not (key, root key, offset, count)")) }
      guard let root = found[rootKey] else {
        throw ParseFailure(.invalid("storage \(key) is a view of \(rootKey), which is missing"))
      }
      guard offset >= 0, count >= 0, offset <= root.count, count <= root.count - offset else {
        throw ParseFailure(.invalid("storage \(key) is a view outside storage \(rootKey)"))
      }
      guard found[key] == nil else { throw ParseFailure(.invalid("storage \(key) occurs twice")) }
      let part = try root.storage.part(
        of: root.type.byteWidth, offset: offset, count: count, id: found.count)
      found[key] = Stored(storage: part, type: root.type, count: count)
    }
  }

  private func readTensors(_ objects: inout Objects, _ isBigEndian: Bool) throws(ParseFailure) {
    let storages = objects.storages
    var tensors: [ExactString: TensorEntry] = [:]
    _ = try forEachRecord(of: "tensors") { (reader, record, parts) throws(ParseFailure) in
      // (key, storage key, type), or (key, type, storage key) in the oldest files.
      guard parts.count == 3, let key = record.key(parts[0]),
        let type = parts[1...].lazy.compactMap({ record.arena.global($0) }).first
      else { throw ParseFailure(.invalid("a tensor record has no key or no type"), at: reader.offset) }
      let storageID = record.arena.global(parts[1]) == nil ? parts[1] : parts[2]
      let place = reader.offset
      do throws(ParseFailure) {
        let rank = try reader.read(UInt32.self)
        try limits.check(.rank, isBigEndian ? rank.byteSwapped : rank, at: place)
        // The rank was written from a four-byte integer as eight bytes: the second half is garbage.
        try reader.skip(4)
        var shape: [Int] = []
        var strides: [Int] = []
        let count = Int(isBigEndian ? rank.byteSwapped : rank)
        for _ in 0..<count { shape.append(try reader.integer(isBigEndian, "size")) }
        for _ in 0..<count { strides.append(try reader.integer(isBigEndian, "stride")) }
        let offset = try reader.integer(isBigEndian, "storage offset")
        let stored: Stored
        if let storageKey = record.key(storageID) {
          guard let known = storages[storageKey] else {
            throw ParseFailure(.invalid("its storage \(storageKey) is missing"), at: place)
          }
          stored = known
        } else {
          stored = Stored(
            storage: Storage(id: -1, byteCount: 0, source: MemorySource([])),
            type: TorchTypes.tensorType(type) ?? .float32, count: 0)
        }
        let layout = try StridedLayout(shape: shape, strides: strides, offset: offset)
        tensors[key] = try TensorEntry.checked(
          scalarType: stored.type, layout: layout, storage: stored.storage, limits: limits)
      } catch {
        throw error.inside("tensor \(key)")
      }
    }
    objects.tensors = tensors
  }

  /// A storage with its element type and count.
  private struct Stored {
    let storage: Storage
    let type: ScalarType
    let count: Int
  }

  /// The objects that the pickle refers to by key.
  private struct Objects: StorageProvider {
    var tensors: [ExactString: TensorEntry]
    var storages: [ExactString: Stored]

    func storage(_ reference: StorageReference) throws(ParseFailure) -> Storage {
      throw ParseFailure(
        .invalid("the reference to storage \(reference.key) has the form of a later file format"))
    }

    func object(_ key: String) throws(ParseFailure) -> ReferencedObject? {
      if let tensor = tensors[key] { return .tensor(tensor) }
      guard let stored = storages[key] else {
        throw ParseFailure(.invalid("object \(key) is not in the archive"))
      }
      let layout = try StridedLayout(shape: [stored.count], strides: nil)
      return .storage(TensorEntry(scalarType: stored.type, layout: layout, storage: stored.storage))
    }
  }
}

extension Pickle {
  /// A key: an integer in most files, text in some.
  fileprivate func key(_ id: NodeID) -> String? { arena.int(id).map(String.init) ?? arena.text(id) }
}

extension ByteReader {
  /// A non-negative 64-bit integer.
  fileprivate mutating func integer(_ isBigEndian: Bool, _ what: String) throws(ParseFailure) -> Int {
    let place = offset
    let bits = try read(UInt64.self)
    let value = Int64(bitPattern: isBigEndian ? bits.byteSwapped : bits)
    guard value >= 0 else { throw ParseFailure(.invalid("negative \(what) \(value)"), at: place) }
    return Int(value)
  }
}
