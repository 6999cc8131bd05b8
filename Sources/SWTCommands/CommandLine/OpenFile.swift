internal import ResNetModel
internal import SWT
internal import SWTConsole
internal import SWTInputs

/// Files that commands open, with failures as the command line reports them.
enum OpenFile {
  /// A weight file.
  static func weights(_ path: String) throws(CommandFailure) -> SWTFile {
    do throws(SWTError) {
      return try SWTFile(path: path)
    } catch {
      throw CommandFailure(reading: path, error)
    }
  }

  /// A weight file that holds a network.
  static func model(_ path: String) throws(CommandFailure) -> Model {
    do throws(ModelFailure) {
      return try Model(path)
    } catch {
      throw CommandFailure(error, file: path)
    }
  }

  /// True for a file that begins as weight files do.
  static func isWeights(_ path: String) throws(CommandFailure) -> Bool {
    do throws(InputFailure) {
      return try OpenedInput.isWeightFile(path)
    } catch {
      throw CommandFailure(error)
    }
  }
}
