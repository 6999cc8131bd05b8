package import SWTBytes

/// Reads the values of one tensor, and checks the checksum of its storage on the way.
///
/// Belongs to one thread at a time.
package struct TensorReader {
  private var windows: TensorWindows
  private var check: StorageChecks.RunningCheck?

  /// The file to tell when the tensor was read, if it has several parts.
  private var file: PthFile?

  init(_ windows: TensorWindows, check: StorageChecks.RunningCheck?, watchedBy file: PthFile? = nil) {
    self.windows = windows
    self.check = check
    self.file = file
  }

  /// Capacity that a window needs, in bytes.
  package var windowBytes: Int { windows.capacity }

  /// Fills `window` with the next values; returns false after the last, when the checksum was compared too.
  ///
  /// - Precondition: The window has room for ``windowBytes``.
  /// - Throws: ``/SWTBytes/ParseFailure`` if the values cannot be read or are damaged.
  package mutating func next(into window: WindowBuffer) throws(ParseFailure) -> Bool {
    guard try windows.next(into: window) else {
      try check?.finish()
      check = nil
      try file?.finishedTensor()
      file = nil
      return false
    }
    check?.update(window.bytes)
    return true
  }

  /// Checks that the file still has the bytes returned so far.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` if it was truncated.
  package func requireSource() throws(ParseFailure) { try windows.requireSource() }
}
