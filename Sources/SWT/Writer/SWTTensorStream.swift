internal import SWTBytes
internal import SWTChecksums

/// Writes one tensor to a file, and hashes and checksums it from the same window.
///
/// Use a stream from one thread at a time; streams of different tensors are independent.
package final class SWTTensorStream: @unchecked Sendable {
  /// Bytes between two calls that start write-back: enough to keep a disk busy without leaving it all to the
  /// end.
  private static let writeBackBytes = 4 << 20

  /// Bytes that stay in a core's private cache and are written with one call. Larger writes use larger folios
  /// of the page cache, which are not always available: with 1 MiB, files of gigabytes took 1.5 times as
  /// long; with 256 KiB, small files took slightly longer.
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

  /// Writes the tensor's next bytes.
  ///
  /// - Precondition: The total does not exceed the tensor's size.
  /// - Throws: ``SWTWriteError``.
  package func append(_ bytes: RawSpan) throws(SWTWriteError) {
    precondition(bytes.byteCount <= byteCount - written, "too many bytes for a tensor")
    // SHA-256 first: it is slow enough to hide the latency of memory; the rest then finds the bytes in a
    // cache.
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
    precondition(written == byteCount, "the tensor is incomplete")
    // Small tensors share pages with others; the final synchronization writes each page once.
    if written - writtenBack >= Self.writeBackBytes / 4 { startWriteBack() }
    return SWTWriter.Sum(crc32c: crc.value, sha256: hash.finalize())
  }

  private func startWriteBack() {
    output.startWriteBack(offset + writtenBack..<offset + written)
    writtenBack = written
  }
}
