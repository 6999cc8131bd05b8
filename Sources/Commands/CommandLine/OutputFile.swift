internal import SWTBytes

/// Small outputs: written beside the target, synced, renamed.
enum OutputFile {
  /// Writes all of `bytes` to `path`.
  ///
  /// - Throws: ``CommandFailure`` with exit 6; what was there before is then still there.
  static func write(_ bytes: [UInt8], to path: String, replacing: Bool) throws(CommandFailure) {
    guard !Signals.fileShrank else {
      throw CommandFailure(.inputUnreadable, "a file became shorter while it was read", hint: "try again")
    }
    do throws(WriteFailure) {
      let file = try AtomicFile(path: path, replaceExisting: replacing)
      try file.write(bytes)
      try file.commit()
    } catch {
      throw CommandFailure(writing: path, error)
    }
  }
}

extension CommandFailure {
  init(writing path: String, _ failure: WriteFailure) {
    let text = "\(failure)"
    let message = text.hasPrefix("\(path): ") ? String(text.dropFirst(path.count + 2)) : text
    self.init(.outputFailed, file: path, message, hint: failure.isExisting ? "--force replaces it" : nil)
  }
}
