internal import PthReader
internal import ResNetArchitecture
internal import ResNetModel
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
  /// The engine that a quantized network states; nil if none.
  package let quantizedEngine: String?

  /// Opens a checkpoint or a weight file, recognized by its content.
  ///
  /// - Throws: ``InputFailure`` if it cannot be read.
  package init(_ path: String, limits: ParseLimits) throws(InputFailure) {
    input = try OpenedInput(path, limits: limits)
    switch input {
    case .weights(let file):
      tensors = file.tensors.map { ValueTensor($0, of: file) }
      canonical = nil
      quantizedEngine = file.isQuantizedNetwork ? file.quantizedEngineName : nil
    case .checkpoint(let file):
      do throws(ParseFailure) {
        for entry in file.tensors { try file.admit(entry) }
      } catch {
        throw InputFailure(path, error)
      }
      let network = try? NetworkStateDict(file, .auto, key: nil)
      let isQuantized = network?.quantized != nil
      tensors = file.tensors.filter { !$0.isMeta }.flatMap { entry in
        var tensor = ValueTensor(entry, of: file)
        tensor.isScale = isQuantized && Self.isNumber(entry.name)
        return [tensor] + (entry.quantizer.map { ValueTensor.scales($0, of: entry.name) } ?? [])
      }
      canonical = network.map { Self.canonical($0, file) }
      quantizedEngine = nil
    }
  }

  /// Checks, after the values were read, that no other program has changed the file meanwhile.
  ///
  /// - Throws: ``InputFailure`` if one has.
  package func requireUnchanged() throws(InputFailure) { try input.requireUnchanged() }

  /// A network's tensors under torchvision's names, and the scales and zero points of a quantized one.
  private static func canonical(_ network: NetworkStateDict, _ file: PthFile) -> [ValueTensor] {
    var tensors = network.tensors.flatMap { parameter, entry in
      [ValueTensor(entry, name: parameter.name, of: file)]
        + (entry.quantizer.map { ValueTensor.scales($0, of: parameter.name) } ?? [])
    }
    for number in network.quantized?.numbers ?? [] {
      var tensor = ValueTensor(number.entry, name: number.name, of: file)
      tensor.isScale = true
      tensors.append(tensor)
    }
    return tensors
  }

  /// Whether a name is one that PyTorch gives to the scale or zero point of a layer's output.
  private static func isNumber(_ name: String) -> Bool {
    ["scale", "zero_point"].contains(Module.leafName(name))
  }
}
