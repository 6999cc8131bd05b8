internal import SWTBytes
internal import SWTTensors

/// A persistent ID of PyTorch: a reference from the pickle to a storage.
///
/// `("storage", type, key, location, numel)` in zip archives; in legacy streams with a sixth element, `None`
/// or a view `(key, offset, size)`.
struct StorageReference {
  /// A part of the root storage, in elements, in files older than PyTorch 0.4.
  struct View {
    let key: String
    let offset: Int
    let count: Int
  }

  let key: String
  /// Nil for untyped storages, whose ``count`` is in bytes.
  let scalarType: ScalarType?
  let location: String
  let count: Int
  let view: View?

  var byteCount: Int {
    get throws(ParseFailure) {
      try Checked.multiply(count, scalarType?.byteWidth ?? 1, "storage size")
    }
  }

  /// What parts of persistent IDs mean, by node: pickles write each of these texts and types once.
  struct Words {
    fileprivate var kind: NodeID?
    fileprivate var type: (node: NodeID, type: ScalarType?)?
    fileprivate var location: (node: NodeID, name: String)?
  }

  /// Parses a persistent ID; `words` are those of earlier ones of the same pickle.
  ///
  /// - Returns: Nil if it is another kind of reference, such as a module with its source text.
  /// - Throws: ``ParseFailure`` if it starts like a storage, but the rest is not valid.
  init?(_ id: NodeID, in arena: PickleArena, _ words: inout Words) throws(ParseFailure) {
    guard let parts = arena.fewElements(id), parts.count >= 5 else { return nil }
    if words.kind != parts[0] {
      guard arena.text(parts[0]) == "storage" else { return nil }
      words.kind = parts[0]
    }
    if let known = words.type, known.node == parts[1] {
      scalarType = known.type
    } else {
      scalarType = try Self.type(parts[1], in: arena)
      words.type = (parts[1], scalarType)
    }
    guard let key = arena.text(parts[2]) ?? arena.int(parts[2]).map(String.init) else {
      throw ParseFailure(.invalid("a storage has no key"))
    }
    guard let count = arena.int(parts[4]), count >= 0 else {
      throw ParseFailure(.invalid("the size of storage \(key) is not a number"))
    }
    self.key = key
    self.count = count
    if words.location?.node != parts[3] { words.location = (parts[3], arena.text(parts[3]) ?? "") }
    location = words.location?.name ?? ""
    if parts.count >= 6, let view = arena.fewElements(parts[5]), view.count == 3 {
      guard let viewKey = arena.text(view[0]) ?? arena.int(view[0]).map(String.init),
        let offset = arena.int(view[1]), let size = arena.int(view[2]), offset >= 0, size >= 0,
        offset <= count, size <= count - offset
      else { throw ParseFailure(.invalid("a view of storage \(key) is out of range")) }
      self.view = View(key: viewKey, offset: offset, count: size)
    } else {
      view = nil
    }
  }

  /// The element type that a storage's class names; nil if it is untyped.
  private static func type(_ id: NodeID, in arena: PickleArena) throws(ParseFailure) -> ScalarType? {
    guard let name = arena.global(id)?.name ?? arena.text(id) else {
      throw ParseFailure(.invalid("a storage has no type"))
    }
    if TorchTypes.untyped.contains(name) { return nil }
    guard let type = TorchTypes.storageType(name) else {
      throw ParseFailure(.unsupported("storage type \(name)"))
    }
    return type
  }
}

/// Finds the data of storages by key, in the way of its container.
protocol StorageProvider {
  /// - Throws: ``ParseFailure`` if the container has no such storage, or one of another size.
  mutating func storage(_ reference: StorageReference) throws(ParseFailure) -> Storage

  /// The object with a bare key, a kind of reference that only the tar format has.
  func object(_ key: String) throws(ParseFailure) -> ReferencedObject?
}

/// The object of a bare key.
enum ReferencedObject {
  case tensor(TensorEntry)
  /// A storage, as a flat tensor of all its elements.
  case storage(TensorEntry)
}

extension StorageProvider {
  func object(_ key: String) throws(ParseFailure) -> ReferencedObject? { nil }
}
