internal import CFileCopy
internal import SWTPlatform

extension AtomicFile {
  /// Asks for room before anything is written, so that a full disk is met at once and the file lies in one piece.
  ///
  /// Where a file system cannot say beforehand, writing will.
  package func reserve(_ byteCount: Int) throws(WriteFailure) {
    guard byteCount > 0 else { return }
    let code = p2s_reserve(descriptor, Int64(byteCount))
    if code == ENOSPC || code == EDQUOT || code == EFBIG {
      throw WriteFailure(.system(SystemFailure(call: "fallocate", code: code)), path: path)
    }
  }

  /// Has the system start to write a range to the disk, without waiting for it: later ``synchronize()`` has less to do.
  package func startWriteBack(_ range: Range<Int>) {
    p2s_start_write_back(descriptor, Int64(range.lowerBound), Int64(range.count))
  }
}
