internal import SWTBytes
internal import SWTChecksums

/// One tensor on its way into a file: written, and hashed and checksummed from the same window.
///
/// It belongs to one thread at a time; streams of different tensors know nothing of each other.
package final class SWTTensorStream: @unchecked Sendable {
  /// Bytes between two calls that start to write to the disk: enough for a disk to be busy, and not all at the end.
  private static let writeBackBytes = 4 << 20

  /// Bytes that stay in a core's own cache, and that are written with one call. Larger writes make larger folios in the page
  /// cache, which are not always at hand: with 1 MiB at a time files of gigabytes took half as long again, with 256 KiB small ones a little longer.
  private static let pieceBytes = 512 << 10

  package let index: Int
  private let byteCount: Int
  private let offset: Int
  private let output: AtomicFile
  private var written = 0
  private var writtenBack = 0
  private var crc = CRC32C()
  private let hash: any RunningDigest

  init(_ index: Int, byteCount: Int, at offset: Int, _ output: AtomicFile, _ hash: any RunningDigest) {
    self.index = index
    self.byteCount = byteCount
    self.offset = offset
    self.output = output
    self.hash = hash
  }

  /// Takes the tensor's next bytes.
  ///
  /// - Precondition: They are not more than the tensor has.
  /// - Throws: ``SWTWriteError``.
  package func append(_ bytes: RawSpan) throws(SWTWriteError) {
    precondition(bytes.byteCount <= byteCount - written, "too many bytes for a tensor")
    // SHA-256 first: it is slow enough to hide that the bytes come from memory; everything else then finds them in a cache.
    var rest = bytes
    while rest.byteCount > 0 {
      let piece = rest.extracting(first: Self.pieceBytes)
      hash.update(piece)
      crc.update(piece)
      do throws(WriteFailure) {
        try output.write(piece, at: offset + written)
      } catch {
        throw .file(error)
      }
      written += piece.byteCount
      rest = rest.extracting(droppingFirst: piece.byteCount)
    }
    if written - writtenBack >= Self.writeBackBytes { startWriteBack() }
  }

  func finish() -> SWTWriter.Sum {
    precondition(written == byteCount, "a tensor was left before it was complete")
    // Small tensors share pages with others; synchronising writes them, once.
    if written - writtenBack >= Self.writeBackBytes / 4 { startWriteBack() }
    return SWTWriter.Sum(crc32c: crc.value, sha256: hash.finalize())
  }

  private func startWriteBack() {
    output.startWriteBack(offset + writtenBack..<offset + written)
    writtenBack = written
  }
}
