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

  /// Parses a persistent ID.
  ///
  /// - Returns: Nil if it is another kind of reference, such as a module with its source text.
  /// - Throws: ``ParseFailure`` if it starts like a storage, but the rest is not valid.
  init?(_ id: NodeID, in arena: PickleArena) throws(ParseFailure) {
    guard let parts = arena.elements(id), parts.count >= 5, arena.text(parts[0]) == "storage" else {
      return nil
    }
    let typeName = arena.global(parts[1])?.name ?? arena.text(parts[1])
    guard let typeName else { throw ParseFailure(.invalid("a storage has no type")) }
    if TorchTypes.untyped.contains(typeName) {
      scalarType = nil
    } else if let type = TorchTypes.storageType(typeName) {
      scalarType = type
    } else {
      throw ParseFailure(.unsupported("storage type \(typeName)"))
    }
    guard let key = arena.text(parts[2]) ?? arena.int(parts[2]).map(String.init) else {
      throw ParseFailure(.invalid("a storage has no key"))
    }
    guard let count = arena.int(parts[4]), count >= 0 else {
      throw ParseFailure(.invalid("the size of storage \(key) is not a number"))
    }
    self.key = key
    self.count = count
    location = arena.text(parts[3]) ?? ""
    if parts.count >= 6, let view = arena.elements(parts[5]), view.count == 3 {
      guard let viewKey = arena.text(view[0]) ?? arena.int(view[0]).map(String.init),
        let offset = arena.int(view[1]), let size = arena.int(view[2]), offset >= 0, size >= 0,
        offset <= count, size <= count - offset
      else { throw ParseFailure(.invalid("a view of storage \(key) is out of range")) }
      self.view = View(key: viewKey, offset: offset, count: size)
    } else {
      view = nil
    }
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
