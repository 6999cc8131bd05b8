package import PthReader
package import SWT
package import SWTBytes

/// A file that holds tensors, opened: what it is was found out by its content, here and nowhere else.
package enum OpenedInput: Sendable {
  /// A checkpoint of any form, safetensors included.
  case checkpoint(PthFile)
  /// A weight file of ours.
  case weights(SWTFile)

  /// Opens the file at `path`.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - limits: Bounds on what it may ask for.
  ///   - allowsDangerous: Whether a checkpoint that names something dangerous may be looked into.
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

  /// True for a file that begins as weight files of ours do, whatever follows.
  ///
  /// - Throws: ``InputFailure`` when there is no such file, or it cannot be read.
  package static func isWeightFile(_ path: String) throws(InputFailure) -> Bool {
    do throws(ParseFailure) {
      return try FileSource(path: path).starts(with: FileMagic.swt)
    } catch {
      throw InputFailure(path, error)
    }
  }

  /// True when a file begins as one that can be opened: for a search of folders.
  package static func recognizes(_ path: String) -> Bool {
    (try? isWeightFile(path)) == true || CheckpointReader.recognizes(path)
  }
}
