package import SWTBytes

/// The values of one tensor on their way, and the checksum of the storage that they fill.
///
/// It belongs to one thread at a time.
package struct TensorReader {
  private var windows: TensorWindows
  private var check: StorageChecks.RunningCheck?

  init(_ windows: TensorWindows, check: StorageChecks.RunningCheck?) {
    self.windows = windows
    self.check = check
  }

  /// Room that a window needs.
  package var windowBytes: Int { windows.capacity }

  /// Fills `window` with the next values; false after the last, when the checksum was compared too.
  ///
  /// - Precondition: The window has room for ``windowBytes``.
  /// - Throws: ``/SWTBytes/ParseFailure`` when the values cannot be read or are damaged.
  package mutating func next(into window: WindowBuffer) throws(ParseFailure) -> Bool {
    guard try windows.next(into: window) else {
      try check?.finish()
      check = nil
      return false
    }
    check?.update(window.bytes)
    return true
  }

  /// Makes sure that the file still has what windows show.
  ///
  /// - Throws: ``/SWTBytes/ParseFailure`` when it has become shorter.
  package func requireSource() throws(ParseFailure) { try windows.requireSource() }
}
