internal import SWTArchives
internal import SWTBytes
internal import SWTTensors

/// The storages of one archive, each created once.
struct ArchiveStorages: StorageProvider {
  private let archive: ZipArchive
  private let isBigEndian: Bool
  /// Name of the record with the storage of a key.
  private let recordName: @Sendable (String) -> String
  private var storages: [ExactString: (storage: Storage, type: ScalarType?)] = [:]

  init(
    _ archive: ZipArchive, isBigEndian: Bool, recordName: @escaping @Sendable (String) -> String
  ) {
    self.archive = archive
    self.isBigEndian = isBigEndian
    self.recordName = recordName
    storages.reserveCapacity(archive.entries.count)
  }

  mutating func storage(_ reference: StorageReference) throws(ParseFailure) -> Storage {
    if let known = storages[reference.key] {
      let needed = try reference.byteCount
      guard known.type == reference.scalarType || known.storage.byteCount == 0,
        needed == known.storage.byteCount || known.storage.source == nil
      else {
        throw ParseFailure(.invalid("storage \(reference.key) is used with two types or sizes"))
      }
      return known.storage
    }
    let storage = try make(reference)
    storages[reference.key] = (storage, reference.scalarType)
    return storage
  }

  private func make(_ reference: StorageReference) throws(ParseFailure) -> Storage {
    let name = recordName(reference.key)
    let byteCount = try reference.byteCount
    if reference.location == "meta" {
      return Storage(id: storages.count, byteCount: byteCount, source: nil, label: name)
    }
    guard let entry = archive[name] else {
      guard byteCount == 0 else { throw ParseFailure(.invalid("the archive has no record \(name)")) }
      return Storage(id: storages.count, byteCount: 0, source: MemorySource([]), label: name)
    }
    guard entry.byteCount == byteCount else {
      throw ParseFailure(
        .invalid("record \(name) has \(entry.byteCount) bytes; the pickle says \(byteCount)"))
    }
    return try archive.storage(entry, id: storages.count, isBigEndian: isBigEndian)
  }
}
