internal import PthReader
internal import ResNetArchitecture
internal import SWT
package import SWTBytes
internal import SWTConversion
package import SWTInputs

/// All tensors of a file, by name, with values.
package struct TensorFile: Sendable {
  package let tensors: [ValueTensor]
  /// The tensors of a network under torchvision's names; nil for weight files and files without a network.
  package let canonical: [ValueTensor]?
  private let input: OpenedInput

  /// Opens a checkpoint or a weight file, recognized by its content.
  ///
  /// - Throws: ``InputFailure`` if it cannot be read.
  package init(_ path: String, limits: ParseLimits) throws(InputFailure) {
    input = try OpenedInput(path, limits: limits)
    switch input {
    case .weights(let file):
      tensors = file.tensors.filter { $0.role != .scale && $0.role != .zeroPoint }.map {
        ValueTensor($0, of: file)
      }
      canonical = nil
    case .checkpoint(let file):
      do throws(ParseFailure) {
        for entry in file.tensors { try file.admit(entry) }
      } catch {
        throw InputFailure(path, error)
      }
      tensors = file.tensors.filter { !$0.isMeta }.map { ValueTensor($0, of: file) }
      canonical = (try? NetworkStateDict(file, .auto, key: nil))?.tensors.map {
        ValueTensor($0.entry, name: $0.parameter.name, of: file)
      }
    }
  }

  /// Checks, after the values were read, that no other program has changed the file meanwhile.
  ///
  /// - Throws: ``InputFailure`` if one has.
  package func requireUnchanged() throws(InputFailure) { try input.requireUnchanged() }
}
