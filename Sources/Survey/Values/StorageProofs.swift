internal import PthReader
internal import SWTBytes
internal import SWTChecksums
internal import Synchronization

/// The checksums that a container states for its storages, each compared once, however many tensors lie in one.
///
/// A tensor that is all of its storage is checked while it is read; others have their storage read for it.
package final class StorageProofs: Sendable {
  private let begun = Mutex<Set<ObjectIdentifier>>([])

  package init() {}

  /// Starts the check of the storage of `entry`, unless that was done before.
  ///
  /// - Parameters:
  ///   - entry: A tensor that will be read to its end.
  ///   - isWhole: True when its values are, byte for byte, all of the storage.
  /// - Throws: ``ParseFailure`` `.checksum` when the bytes are others.
  /// - Returns: What has to see the values, or nil when nothing is left to do.
  func begin(_ entry: TensorEntry, isWhole: Bool) throws(ParseFailure) -> StorageProof? {
    let storage = entry.storage
    guard storage.crc32 != nil, begun.withLock({ $0.insert(ObjectIdentifier(storage)).inserted }) else {
      return nil
    }
    guard isWhole else {
      try storage.requireChecksum()
      return nil
    }
    return StorageProof(storage)
  }
}

/// The check of one storage, piece by piece.
struct StorageProof {
  private let storage: Storage
  private var left: Int
  private var crc = CRC32()

  init(_ storage: Storage) {
    self.storage = storage
    left = storage.byteCount
  }

  /// Takes the next piece.
  ///
  /// - Throws: ``ParseFailure`` `.checksum` at the last one, when the bytes are others.
  mutating func update(_ piece: [UInt8]) throws(ParseFailure) {
    unsafe piece.withUnsafeBytes { unsafe crc.update($0.bytes) }
    left -= piece.count
    if left == 0 { try storage.requireChecksum(found: crc.value) }
  }
}
