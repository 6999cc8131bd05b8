internal import Synchronization

/// Many files, a bounded number of which are open: a checkpoint of two thousand shards must not need two
/// thousand descriptors.
///
/// A file that was closed is opened again when it is read again, and must then still be the same file.
package final class FilePool: Sendable {
  /// Descriptors that stay open.
  private static let capacity = 64

  private struct Opened {
    let file: FileSource
    var lastUse: UInt64
  }

  private struct State {
    var paths: [String] = []
    var byteCounts: [Int] = []
    var identities: [FileIdentity?] = []
    var opened: [Int: Opened] = [:]
    var clock: UInt64 = 0
  }

  private let state = Mutex(State())

  package init() {}

  /// Adds a file, which is opened once to prove that it can be read.
  ///
  /// - Throws: ``ParseFailure`` `.system` if it cannot be opened.
  package func add(_ path: String) throws(ParseFailure) -> PooledFile {
    let file = try FileSource(path: path)
    let index = state.withLock { state in
      state.paths.append(path)
      state.byteCounts.append(file.byteCount)
      state.identities.append(FileIdentity(path))
      let index = state.paths.count - 1
      Self.keep(file, index, in: &state)
      return index
    }
    return PooledFile(pool: self, index: index, byteCount: file.byteCount)
  }

  /// The file with that index, opened if it is not open.
  fileprivate func file(_ index: Int) throws(ParseFailure) -> FileSource {
    let (known, path) = state.withLock { state in
      state.clock += 1
      state.opened[index]?.lastUse = state.clock
      return (state.opened[index]?.file, state.paths[index])
    }
    if let known { return known }
    let file = try FileSource(path: path)
    let isSame = state.withLock { state in
      guard file.byteCount == state.byteCounts[index], FileIdentity(path) == state.identities[index] else {
        return false
      }
      Self.keep(file, index, in: &state)
      return true
    }
    guard isSame else {
      throw ParseFailure(
        .invalid("the file was replaced while it was read"), in: [Folder.name(of: path)],
        hint: "convert again when nothing writes to the folder")
    }
    return file
  }

  /// Keeps a file open, in place of the one that was not used for the longest time.
  private static func keep(_ file: FileSource, _ index: Int, in state: inout State) {
    state.clock += 1
    if state.opened.count >= capacity,
      let oldest = state.opened.min(by: { $0.value.lastUse < $1.value.lastUse })
    {
      state.opened[oldest.key] = nil
    }
    state.opened[index] = Opened(file: file, lastUse: state.clock)
  }
}

/// A file of a pool, read like one that is always open.
package struct PooledFile: MappableSource {
  fileprivate let pool: FilePool
  fileprivate let index: Int
  package let byteCount: Int

  package func read(at offset: Int, into destination: UnsafeMutableRawBufferPointer) throws(ParseFailure) {
    unsafe try pool.file(index).read(at: offset, into: destination)
  }

  package func walk(_ range: Range<Int>) throws(ParseFailure) -> MappedWalk? {
    try pool.file(index).walk(range)
  }
}
