internal import SWTBytes
internal import SWTTensors

/// A persistent id of PyTorch: where the pickle points out of itself, to a storage.
///
/// Forms by age: `("storage", type, key, location, numel)` in zip archives, the same with a sixth element
/// that is `None` or a view `(key, offset, size)` in legacy streams.
struct StorageReference {
  /// A part of the root storage, in elements; files from before PyTorch 0.4.
  struct View {
    let key: String
    let offset: Int
    let count: Int
  }

  let key: String
  /// `nil` for untyped storages, whose ``count`` is in bytes.
  let scalarType: ScalarType?
  let location: String
  let count: Int
  let view: View?

  var byteCount: Int {
    get throws(ParseFailure) {
      try Checked.multiply(count, scalarType?.byteWidth ?? 1, "storage size")
    }
  }

  /// Reads a persistent id.
  ///
  /// - Returns: `nil` when it is a reference of another kind, such as a module with its source text.
  /// - Throws: ``ParseFailure`` when it starts like a storage and goes on like nothing known.
  init?(_ id: NodeID, in arena: PickleArena) throws(ParseFailure) {
    guard let parts = arena.elements(id), parts.count >= 5, arena.text(parts[0]) == "storage" else {
      return nil
    }
    let typeName = arena.global(parts[1])?.name ?? arena.text(parts[1])
    guard let typeName else { throw ParseFailure(.invalid("a storage without a type")) }
    if TorchTypes.untyped.contains(typeName) {
      scalarType = nil
    } else if let type = TorchTypes.storageType(typeName) {
      scalarType = type
    } else {
      throw ParseFailure(.unsupported("storage type \(typeName)"))
    }
    guard let key = arena.text(parts[2]) ?? arena.int(parts[2]).map(String.init) else {
      throw ParseFailure(.invalid("a storage without a key"))
    }
    guard let count = arena.int(parts[4]), count >= 0 else {
      throw ParseFailure(.invalid("storage \(key): a size that is no number"))
    }
    self.key = key
    self.count = count
    location = arena.text(parts[3]) ?? ""
    if parts.count >= 6, let view = arena.elements(parts[5]), view.count == 3 {
      guard let viewKey = arena.text(view[0]) ?? arena.int(view[0]).map(String.init),
        let offset = arena.int(view[1]), let size = arena.int(view[2]), offset >= 0, size >= 0,
        offset <= count, size <= count - offset
      else { throw ParseFailure(.invalid("storage \(key): a view outside of it")) }
      self.view = View(key: viewKey, offset: offset, count: size)
    } else {
      view = nil
    }
  }
}

/// Finds the bytes behind a storage key; each container has its own way.
protocol StorageProvider {
  /// - Throws: ``ParseFailure`` when the container has no such storage, or one of another size.
  mutating func storage(_ reference: StorageReference) throws(ParseFailure) -> Storage

  /// What the pickle refers to by a bare key; only the tar form has such references.
  func object(_ key: String) throws(ParseFailure) -> ReferencedObject?
}

/// What a bare key stands for.
enum ReferencedObject {
  case tensor(TensorEntry)
  /// A storage, as a flat view of all of it.
  case storage(TensorEntry)
}

extension StorageProvider {
  func object(_ key: String) throws(ParseFailure) -> ReferencedObject? { nil }
}
