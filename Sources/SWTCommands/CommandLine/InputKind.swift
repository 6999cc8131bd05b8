internal import PthReader
internal import SWT
internal import SWTBytes

/// What an input is, by content and never by name.
enum InputKind {
  case swt, checkpoint

  /// Reads the first bytes of a file.
  static func of(_ path: String) throws(CommandFailure) -> InputKind {
    do throws(ParseFailure) {
      let source = try FileSource(path: path)
      let magic: [UInt8] = [0x89, 0x53, 0x57, 0x54, 0x0D, 0x0A, 0x1A, 0x0A]
      guard source.byteCount >= magic.count else { return .checkpoint }
      return try source.bytes(at: 0, count: magic.count) == magic ? .swt : .checkpoint
    } catch {
      throw CommandFailure(reading: path, error)
    }
  }

  static func openSWT(_ path: String) throws(CommandFailure) -> SWTFile {
    do throws(SWTError) {
      return try SWTFile(path: path)
    } catch {
      throw CommandFailure(reading: path, error)
    }
  }

  static func openCheckpoint(_ path: String, limits: ParseLimits) throws(CommandFailure) -> Checkpoint {
    do throws(ParseFailure) {
      return try CheckpointReader.open(path: path, limits: limits)
    } catch {
      throw CommandFailure(reading: path, error)
    }
  }
}

extension CommandFailure {
  /// An input that cannot be read: exit 5.
  init(reading path: String, _ failure: ParseFailure) {
    if case .system(let system) = failure.reason, system.isMissing {
      self.init(.inputUnreadable, file: path, "no such file")
      return
    }
    self.init(
      .inputUnreadable, file: path, offset: failure.offset, failure.description, hint: failure.hint)
  }

  init(reading path: String, _ error: SWTError) {
    if let cause = error.cause {
      self.init(reading: path, cause)
      return
    }
    self.init(
      .inputUnreadable, file: path, offset: error.offset, "not a valid .swt file: \(error)",
      hint: "the file is damaged or was changed: convert it again")
  }
}
