internal import SWTBytes
internal import SWTTensors

/// The stream that PyTorch wrote from 0.1.10 to 1.5: five pickles, then the storages.
///
/// The pickles are: magic number, protocol version, system information, the object, the list of storage keys.
/// For each key, in that order, follow an element count and the data. Source: torch/serialization.py,
/// `_legacy_save`.
struct LegacyStream {
  /// The value of the first pickle.
  static let magic: Int128 = 0x1950_A86A_20F9_469C_FC6C
  private static let protocolVersion = 1001

  private let source: any ByteSource
  private let limits: ParseLimits

  /// Whether the first pickle is the magic number, as a literal.
  ///
  /// `80 PP 8A 0A <magic> 2E` in protocols 2 to 5, `L119547037146038801333356L` in 0 and 1. A number computed
  /// by a call does not count.
  static func recognizes(_ head: [UInt8]) -> Bool {
    let magic = FileMagic.torchLegacy
    if head.count >= 15, head[0] == 0x80 {
      // Protocols 4 and 5 have a frame header of nine bytes in between.
      let body = head[2] == 0x95 ? head.dropFirst(11) : head.dropFirst(2)
      return body.starts(with: [0x8A, 0x0A] + magic)
    }
    return head.starts(with: "L119547037146038801333356L\n".utf8)
  }

  init(_ source: any ByteSource, limits: ParseLimits) {
    self.source = source
    self.limits = limits
  }

  func read(nesting: Int) throws(ParseFailure) -> Checkpoint {
    var reader = try ByteReader(source)
    let magic = try pickle(&reader, "magic number")
    guard magic.arena.wideInt(magic.root) == Self.magic else {
      throw ParseFailure(.invalid("the first pickle is not PyTorch's magic number"), at: 0)
    }
    let version = try pickle(&reader, "protocol version")
    guard version.arena.int(version.root) == Self.protocolVersion else {
      throw ParseFailure(.unsupported("the protocol version of a legacy stream is not 1001"))
    }
    // PyTorch ignores `little_endian` in here too: the data is little-endian on every host.
    _ = try pickle(&reader, "system information")
    let object = try pickle(&reader, "object")
    let keys = try pickle(&reader, "storage keys")
    let references = try references(object)
    let regions = try regions(keys, references, &reader)
    let provider = Provider(source: source, references: references, regions: regions)
    var checkpoint = Checkpoint(container: .legacy, byteCount: source.byteCount)
    try checkpoint.add(object, provider, limits: limits, nesting: nesting)
    try noteRest(reader, in: &checkpoint)
    return checkpoint
  }

  /// PyTorch reads the first of several files in a stream and ignores the rest.
  private func noteRest(_ reader: ByteReader, in checkpoint: inout Checkpoint) throws(ParseFailure) {
    guard reader.remaining > 0 else { return }
    let head = try source.bytes(at: reader.offset, count: min(64, reader.remaining))
    let what = Self.recognizes(head) ? "another checkpoint" : "\(reader.remaining) bytes"
    let place = "at byte \(reader.offset), after the first checkpoint"
    checkpoint.skip("", "\(what) \(place), which is all that torch.load reads")
  }

  private func pickle(_ reader: inout ByteReader, _ part: String) throws(ParseFailure) -> Pickle {
    do throws(ParseFailure) {
      return try PickleMachine.read(&reader, limits: limits)
    } catch {
      throw error.inside("legacy stream, \(part)")
    }
  }

  /// The first reference to each storage by key; its element type is the one used when the stream was
  /// written.
  private func references(_ object: Pickle) throws(ParseFailure) -> [ExactString: StorageReference] {
    var first: [ExactString: StorageReference] = [:]
    var words = StorageReference.Words()
    try object.arena.forEachPersistentID { id throws(ParseFailure) in
      guard let reference = try StorageReference(id, in: object.arena, &words) else { return }
      if first[reference.key] == nil { first[reference.key] = reference }
    }
    return first
  }

  /// Finds the ranges of the storages after the pickles, without reading their data.
  private func regions(
    _ keys: Pickle, _ references: [ExactString: StorageReference], _ reader: inout ByteReader
  ) throws(ParseFailure) -> [ExactString: Range<Int>] {
    guard let list = keys.arena.elements(keys.root), keys.arena.kind(keys.root) == .list else {
      throw ParseFailure(.invalid("the storage keys are not a list"))
    }
    var regions: [ExactString: Range<Int>] = [:]
    for id in list {
      guard let key = keys.arena.text(id) ?? keys.arena.int(id).map(String.init) else {
        throw ParseFailure(.invalid("a storage key is not text"))
      }
      guard let reference = references[key] else {
        throw ParseFailure(.invalid("storage \(key) is listed but not used"), at: reader.offset)
      }
      guard regions[key] == nil else {
        throw ParseFailure(.invalid("storage \(key) is listed twice"), at: reader.offset)
      }
      let offset = reader.offset
      do throws(ParseFailure) {
        let count = try reader.read(UInt64.self)
        guard count == UInt64(reference.count) else {
          throw ParseFailure(
            .invalid("it has \(count) elements; the pickle says \(reference.count)"), at: offset)
        }
        let byteCount = try reference.byteCount
        let start = reader.offset
        try reader.skip(byteCount)
        regions[key] = start..<start + byteCount
      } catch {
        throw error.inside("storage \(key)")
      }
    }
    return regions
  }

  private struct Provider: StorageProvider {
    let source: any ByteSource
    let references: [ExactString: StorageReference]
    let regions: [ExactString: Range<Int>]
    private var storages: [ExactString: Storage] = [:]

    init(
      source: any ByteSource, references: [ExactString: StorageReference], regions: [ExactString: Range<Int>]
    ) {
      self.source = source
      self.references = references
      self.regions = regions
    }

    /// A storage, or a view of one (a part with its own key, in old files).
    mutating func storage(_ reference: StorageReference) throws(ParseFailure) -> Storage {
      let root = try root(reference)
      guard let view = reference.view else { return root }
      let name = "\(reference.key)[\(view.key)]"
      if let known = storages[name] { return known }
      let part = try root.part(
        of: reference.scalarType?.byteWidth ?? 1, offset: view.offset, count: view.count, id: storages.count)
      storages[name] = part
      return part
    }

    private mutating func root(_ reference: StorageReference) throws(ParseFailure) -> Storage {
      let needed = try reference.byteCount
      if let known = storages[reference.key] {
        guard needed == known.byteCount else {
          throw ParseFailure(.invalid("storage \(reference.key) is used with two sizes"))
        }
        return known
      }
      let data: (any ByteSource)?
      if reference.location == "meta" {
        data = nil
      } else if let region = regions[reference.key] {
        guard region.count == needed else {
          throw ParseFailure(.invalid("storage \(reference.key) is used with two sizes"))
        }
        data = try SubSource(source, at: region.lowerBound, count: region.count)
      } else {
        guard needed == 0 else {
          throw ParseFailure(.invalid("the stream has no storage \(reference.key)"))
        }
        data = MemorySource([])
      }
      let storage = Storage(
        id: storages.count, byteCount: needed, source: data, label: "storage \(reference.key)")
      storages[reference.key] = storage
      return storage
    }
  }
}
