package import PthReader
package import SWT
package import SWTBytes

/// An open file of tensors; the only place that tells weight files from checkpoints, by content.
package enum OpenedInput: Sendable {
  /// A checkpoint in any form, including safetensors.
  case checkpoint(PthFile)
  /// A `.swt` weight file.
  case weights(SWTFile)

  /// Opens the file at `path`.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - limits: Limits on the resources that a checkpoint may use.
  ///   - allowsDangerous: Whether a checkpoint that names dangerous functions may be opened.
  /// - Throws: ``InputFailure``.
  package init(
    _ path: String, limits: ParseLimits = ParseLimits(), allowsDangerous: Bool = false
  ) throws(InputFailure) {
    if try Self.isWeightFile(path) {
      do throws(SWTError) {
        self = .weights(try SWTFile(path: path))
      } catch {
        throw InputFailure(path, error)
      }
    } else {
      do throws(ParseFailure) {
        self = .checkpoint(try PthFile(path: path, limits: limits, allowsDangerous: allowsDangerous))
      } catch {
        throw InputFailure(path, error)
      }
    }
  }

  /// Checks, after everything was read, that no other program has changed a checkpoint's files meanwhile. A
  /// weight file has digests of its own.
  ///
  /// - Throws: ``InputFailure`` with the path of the file that was changed, moved or replaced.
  package func requireUnchanged() throws(InputFailure) {
    guard case .checkpoint(let file) = self else { return }
    do throws(ParseFailure) {
      try file.requireUnchanged()
    } catch {
      throw InputFailure(file.path, error)
    }
  }

  /// Whether the file starts with the magic of `.swt` weight files.
  ///
  /// - Throws: ``InputFailure`` if the file does not exist or cannot be read.
  package static func isWeightFile(_ path: String) throws(InputFailure) -> Bool {
    if Folder.exists(path) || CheckpointFolder(path) != nil { return false }
    do throws(ParseFailure) {
      return try FileSource(path: path).starts(with: FileMagic.swt)
    } catch {
      throw InputFailure(path, error)
    }
  }

  /// Whether the file starts like a checkpoint and not like a weight file.
  package static func isCheckpoint(_ path: String) -> Bool {
    (try? isWeightFile(path)) == false && CheckpointReader.recognizes(path)
  }

  /// Whether the file starts like one that can be opened; used when searching folders.
  package static func recognizes(_ path: String) -> Bool {
    (try? isWeightFile(path)) == true || CheckpointReader.recognizes(path)
  }
}
