internal import SWTBytes
internal import SWTChecksums
internal import Synchronization

/// The checksums of storages in the container, each compared once.
///
/// A tensor that is the whole of its storage is checked while it is read; for others the storage is read
/// separately, and whoever reads another view of it meanwhile waits. A storage that failed fails every later
/// reader; a check that was abandoned counts for nothing.
final class StorageChecks: Sendable {
  private let records = Mutex<[ObjectIdentifier: Record]>([:])

  init() {}

  /// Starts the check of a tensor's storage, unless it is known to be good.
  ///
  /// - Throws: ``ParseFailure`` `.checksum` if the data differs.
  /// - Returns: A check to feed with the windows, or nil if nothing is left to do.
  func begin(
    _ entry: TensorEntry, _ windows: inout TensorWindows
  ) throws(ParseFailure) -> RunningCheck? {
    let storage = entry.storage
    // Chunks have checksums of their own, which every pass compares.
    if windows.compareChunkChecksums() { return nil }
    guard storage.crc32 != nil || storage.source is AssembledSource else { return nil }
    let record = records.withLock { records in
      let record = records[ObjectIdentifier(storage)] ?? Record()
      records[ObjectIdentifier(storage)] = record
      return record
    }
    if windows.isWholeStorage {
      return try record.isGood() ? nil : RunningCheck(storage: storage, record: record)
    }
    try record.settle { () throws(ParseFailure) in try storage.requireChecksum() }
    return nil
  }

  /// What is known about one storage.
  fileprivate final class Record: Sendable {
    private let outcome = Mutex<Result<Void, ParseFailure>?>(nil)

    /// Whether the storage is known to be good.
    ///
    /// - Throws: The failure, if it is known to be bad.
    func isGood() throws(ParseFailure) -> Bool {
      switch outcome.withLock({ $0 }) {
      case nil: return false
      case .success?: return true
      case .failure(let failure)?: throw failure
      }
    }

    /// Runs a check, unless its outcome is known; other threads wait for it.
    func settle(_ check: () throws(ParseFailure) -> Void) throws(ParseFailure) {
      let result: Result<Void, ParseFailure> = outcome.withLock { outcome in
        if let outcome { return outcome }
        let result: Result<Void, ParseFailure>
        do throws(ParseFailure) {
          result = .success(try check())
        } catch {
          result = .failure(error)
        }
        outcome = result
        return result
      }
      try result.get()
    }
  }

  /// The check of a storage in progress.
  struct RunningCheck {
    private let storage: Storage
    private let record: Record
    private var crc = CRC32()

    fileprivate init(storage: Storage, record: Record) {
      self.storage = storage
      self.record = record
    }

    mutating func update(_ window: RawSpan) { crc.update(window) }

    /// Compares the checksum; call after the last window.
    ///
    /// - Throws: ``ParseFailure`` `.checksum` if the data differs.
    func finish() throws(ParseFailure) {
      try record.settle { () throws(ParseFailure) in try storage.requireChecksum(found: crc.value) }
    }
  }
}
