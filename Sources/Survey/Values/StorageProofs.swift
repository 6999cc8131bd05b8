package import PthReader
package import SWTBytes
internal import Synchronization

/// The checksums that a container states for its storages, each compared once, however many tensors lie in one.
package final class StorageProofs: Sendable {
  private let proven = Mutex<Set<ObjectIdentifier>>([])

  package init() {}

  /// Compares the checksum of a storage, unless that was begun before.
  ///
  /// - Throws: ``ParseFailure`` `.checksum` when the bytes are others.
  package func prove(_ storage: Storage) throws(ParseFailure) {
    guard proven.withLock({ $0.insert(ObjectIdentifier(storage)).inserted }) else { return }
    try storage.requireChecksum()
  }
}
