internal import PthReader
internal import SWTBytes
internal import SWTChecksums
internal import SWTDigests
internal import SWTThreads
internal import Synchronization

/// The SHA-256 of a source file, or of all files of a folder one after another, computed on a thread of its own from the start: hashing is sequential, so
/// nothing takes longer.
final class SourceDigest: Sendable {
  private let work: Work
  private let thread: Background<Result<SHA256Digest, ParseFailure>>?

  /// Starts hashing if there are threads for it; otherwise ``wait()`` does the work.
  init(_ path: String, threads: Int, _ progress: ConversionProgress?) {
    let work = Work(path, progress)
    self.work = work
    thread = threads > 1 ? Background { work.run() } : nil
  }

  deinit { cancel() }

  /// The digest, when the whole file was read.
  func wait() -> Result<SHA256Digest, ParseFailure> { thread?.wait() ?? work.run() }

  /// Stops hashing: the digest is not needed.
  func cancel() {
    work.isCancelled.store(true, ordering: .relaxed)
    _ = thread?.wait()
  }

  private final class Work: Sendable {
    private static let windowBytes = 1 << 20

    let isCancelled = Atomic(false)
    private let path: String
    private let progress: ConversionProgress?

    init(_ path: String, _ progress: ConversionProgress?) {
      self.path = path
      self.progress = progress
    }

    func run() -> Result<SHA256Digest, ParseFailure> {
      do throws(ParseFailure) {
        let source: any ByteSource =
          if let folder = CheckpointFolder(path) {
            try folder.contents()
          } else {
            try FileSource(path: try CheckpointReader.index(of: path) ?? path)
          }
        progress?.expect(source.byteCount)
        let digest = SystemDigests().makeSHA256()
        // Mapped, because copying every byte out of the page cache takes a tenth of the time of hashing it.
        var walk = try SourceWalk(source, 0..<source.byteCount)
        let window = WindowBuffer(capacity: Self.windowBytes)
        while !isCancelled.load(ordering: .relaxed), try walk.next(Self.windowBytes, into: window) {
          digest.update(window.bytes)
          progress?.advance(window.count)
        }
        return .success(digest.finalize())
      } catch {
        return .failure(error)
      }
    }
  }
}
