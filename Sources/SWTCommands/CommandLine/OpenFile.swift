internal import ResNetModel
internal import SWT
internal import SWTBytes
internal import SWTConsole
internal import SWTInputs

/// Opens files for commands, with failures as the command line reports them.
enum OpenFile {
  /// A weight file.
  static func weights(_ path: String) throws(CommandFailure) -> SWTFile {
    do throws(SWTError) {
      return try SWTFile(path: path)
    } catch {
      throw CommandFailure(reading: path, error)
    }
  }

  /// A weight file with a network.
  static func model(_ path: String) throws(CommandFailure) -> Model {
    do throws(ModelFailure) {
      return try Model(path)
    } catch {
      throw CommandFailure(error, file: path)
    }
  }

  /// Calls `body`, which reads these files, and refuses its result if one of them was changed meanwhile: parts
  /// of it would be about one content, parts about another.
  static func watching<Result>(
    _ paths: [String], _ body: () throws(CommandFailure) -> Result
  ) throws(CommandFailure) -> Result {
    let watched = WatchedFiles(regular: paths)
    let result = try body()
    do throws(ParseFailure) {
      try watched.requireUnchanged()
    } catch {
      throw CommandFailure(
        .inputUnreadable, file: error.context.first, "\(error.reason)", hint: error.hint)
    }
    return result
  }

  /// Whether a file starts like a weight file.
  static func isWeights(_ path: String) throws(CommandFailure) -> Bool {
    do throws(InputFailure) {
      return try OpenedInput.isWeightFile(path)
    } catch {
      throw CommandFailure(error)
    }
  }
}
