internal import SWTBytes
internal import SWTConsole
internal import SWTPlatform

/// Small outputs, written to a temporary file beside the target, synced, and renamed.
enum OutputFile {
  /// Writes `bytes` to `path`.
  ///
  /// - Parameters:
  ///   - bytes: The contents.
  ///   - path: The file.
  ///   - replacing: Whether an existing file is replaced.
  ///   - followsLinks: Whether `path` is a name that the user gave, so a link there is followed; a derived name
  ///     replaces the link itself.
  /// - Throws: ``CommandFailure`` with exit 6; a previous file is then unchanged.
  static func write(_ bytes: [UInt8], to path: String, replacing: Bool, followsLinks: Bool = true)
    throws(CommandFailure)
  {
    guard !Signals.fileShrank else {
      throw CommandFailure(.inputUnreadable, "a file became shorter while it was read", hint: "try again")
    }
    do throws(WriteFailure) {
      let file = try AtomicFile(path: path, replaceExisting: replacing, followsLinks: followsLinks)
      try file.write(bytes)
      try file.commit()
    } catch {
      throw CommandFailure(writing: path, error)
    }
  }
}

extension OutputFile {
  /// Checks that an output is none of the inputs, whatever their names; `--force` is about existing outputs, so
  /// it does not allow this.
  ///
  /// - Throws: ``CommandFailure`` with exit 6.
  static func requireOther(_ output: String?, than inputs: [String]) throws(CommandFailure) {
    guard let output, let input = inputs.first(where: { FileIdentity.areSame($0, output) }) else { return }
    throw CommandFailure(
      .outputFailed, file: output, "the output would replace the input \(input)", hint: "name another file")
  }

  /// Makes a folder and those above it, unless they exist.
  ///
  /// - Throws: ``CommandFailure`` with exit 6.
  static func makeFolder(_ path: String) throws(CommandFailure) {
    do throws(WriteFailure) {
      try Folder.make(path)
    } catch {
      throw CommandFailure(writing: error.path, error)
    }
  }

  /// Appends `bytes` to a file that other processes append to as well.
  ///
  /// - Throws: ``CommandFailure`` with exit 6.
  static func append(_ bytes: [UInt8], to path: String) throws(CommandFailure) {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw CommandFailure(writing: path, WriteFailure(creating: path, .last("open")))
    }
    defer { _ = close(descriptor) }
    if let failure = StandardStreams.write(bytes, to: descriptor) {
      throw CommandFailure(writing: path, WriteFailure(.system(failure), path: path))
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
