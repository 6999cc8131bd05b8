internal import ResNetModel
internal import SWT
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

  /// Whether a file starts like a weight file.
  static func isWeights(_ path: String) throws(CommandFailure) -> Bool {
    do throws(InputFailure) {
      return try OpenedInput.isWeightFile(path)
    } catch {
      throw CommandFailure(error)
    }
  }
}
