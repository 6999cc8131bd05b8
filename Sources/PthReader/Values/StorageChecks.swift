internal import SWTBytes
internal import SWTChecksums
internal import Synchronization

/// The checksums of storages in the container, each compared once.
///
/// A tensor that is the whole of its storage is checked while it is read; for others the storage is read
/// separately.
final class StorageChecks: Sendable {
  private let begun = Mutex<Set<ObjectIdentifier>>([])

  init() {}

  /// Starts the check of a tensor's storage, unless that was done before.
  ///
  /// - Throws: ``ParseFailure`` `.checksum` if the data differs.
  /// - Returns: A check to feed with the windows, or nil if nothing is left to do.
  func begin(_ entry: TensorEntry, _ windows: TensorWindows) throws(ParseFailure) -> RunningCheck? {
    let storage = entry.storage
    guard begun.withLock({ $0.insert(ObjectIdentifier(storage)).inserted }) else { return nil }
    guard storage.crc32 != nil, windows.isWholeStorage else {
      try storage.requireChecksum()
      return nil
    }
    return RunningCheck(storage: storage)
  }

  /// The check of a storage in progress.
  struct RunningCheck {
    private let storage: Storage
    private var crc = CRC32()

    init(storage: Storage) { self.storage = storage }

    mutating func update(_ window: RawSpan) { crc.update(window) }

    /// Compares the checksum; call after the last window.
    ///
    /// - Throws: ``ParseFailure`` `.checksum` if the data differs.
    func finish() throws(ParseFailure) { try storage.requireChecksum(found: crc.value) }
  }
}
