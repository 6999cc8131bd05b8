internal import SWTBytes
internal import SWTChecksums
internal import Synchronization

/// The checksums that a container states for its storages, each compared once.
///
/// A tensor that is all of its storage is checked on its way; others have their storage read for it.
final class StorageChecks: Sendable {
  private let begun = Mutex<Set<ObjectIdentifier>>([])

  init() {}

  /// Starts the check of the storage of `entry`, unless that was done before.
  ///
  /// - Throws: ``ParseFailure`` `.checksum` when the bytes are others.
  /// - Returns: Where the bytes of the windows are to go, or nil when nothing is left to do.
  func begin(_ entry: TensorEntry, _ windows: TensorWindows) throws(ParseFailure) -> RunningCheck? {
    let storage = entry.storage
    guard begun.withLock({ $0.insert(ObjectIdentifier(storage)).inserted }) else { return nil }
    guard storage.crc32 != nil, windows.isWholeStorage else {
      try storage.requireChecksum()
      return nil
    }
    return RunningCheck(storage: storage)
  }

  /// The check of one storage, window by window.
  struct RunningCheck {
    private let storage: Storage
    private var crc = CRC32()

    init(storage: Storage) { self.storage = storage }

    mutating func update(_ window: RawSpan) { crc.update(window) }

    /// Compares the whole; call after the last window.
    ///
    /// - Throws: ``ParseFailure`` `.checksum` when the bytes are others.
    func finish() throws(ParseFailure) { try storage.requireChecksum(found: crc.value) }
  }
}
