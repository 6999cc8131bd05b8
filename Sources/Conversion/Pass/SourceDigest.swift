internal import SWTBytes
internal import SWTChecksums
internal import SWTDigests
internal import Synchronization

/// The SHA-256 of a source file, computed on a thread of its own from the first moment on: it is one long chain, so
/// nothing else can be faster.
final class SourceDigest: Sendable {
  private let work: Work
  private let thread: Background<Result<SHA256Digest, ParseFailure>>?

  /// Starts, when there are threads for it; otherwise ``wait()`` does the work.
  init(_ path: String, threads: Int, _ progress: ConversionProgress?) {
    let work = Work(path, progress)
    self.work = work
    thread = threads > 1 ? Background { work.run() } : nil
  }

  deinit { cancel() }

  /// The digest, when all of the file was read.
  func wait() -> Result<SHA256Digest, ParseFailure> { thread?.wait() ?? work.run() }

  /// Nobody needs it any more.
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
        // Mapped, since a copy of every byte out of the page cache costs a tenth of what hashing it does.
        let source = try MappedFile(path: path)
        progress?.expect(source.byteCount)
        let digest = SystemDigests().makeSHA256()
        var walk = MappedWalk(source, 0..<source.byteCount)
        while walk.left > 0, !isCancelled.load(ordering: .relaxed) {
          let window = unsafe try walk.next(Self.windowBytes)
          digest.update(unsafe window.bytes)
          progress?.advance(window.count)
        }
        walk.finish()
        // A mapping that lost its file may have shown zeros instead (see MappedFile).
        let now = try FileSource(path: path).byteCount
        guard now >= source.byteCount else {
          throw ParseFailure(
            .truncated(needed: source.byteCount, available: now), at: now,
            hint: "the file became shorter while it was read")
        }
        return .success(digest.finalize())
      } catch {
        return .failure(error)
      }
    }
  }
}
