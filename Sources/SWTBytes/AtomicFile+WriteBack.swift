internal import CFileCopy
internal import SWTPlatform

extension AtomicFile {
  /// Reserves space before anything is written, so that a full disk is noticed at once and the file is
  /// contiguous.
  ///
  /// File systems without support for this report a full disk while writing.
  package func reserve(_ byteCount: Int) throws(WriteFailure) {
    guard byteCount > 0 else { return }
    let code = p2s_reserve(descriptor, Int64(byteCount))
    if code == ENOSPC || code == EDQUOT || code == EFBIG {
      throw WriteFailure(.system(SystemFailure(call: "fallocate", code: code)), path: path)
    }
  }

  /// Starts writing a range to disk without waiting, so that ``synchronize()`` has less left to do.
  package func startWriteBack(_ range: Range<Int>) {
    p2s_start_write_back(descriptor, Int64(range.lowerBound), Int64(range.count))
  }
}
