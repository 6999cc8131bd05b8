internal import PthReader
internal import ResNetArchitecture
internal import SWT
package import SWTBytes
internal import SWTConversion

/// All tensors of a file, with values.
package struct TensorFile: Sendable {
  package let tensors: [ValueTensor]
  /// The tensors of a network under torchvision's names; nil for a weight file, and if there is no known
  /// network.
  package let canonical: [ValueTensor]?

  /// Opens a checkpoint or a weight file, recognized by its content.
  ///
  /// - Throws: ``ParseFailure`` or ``SWTError`` if it cannot be read.
  package init(_ path: String, limits: ParseLimits) throws {
    let source = try FileSource(path: path)
    if try source.starts(with: SWTFormat.magic) {
      let file = try SWTFile(path: path)
      tensors = file.tensors.filter { $0.role != .scale && $0.role != .zeroPoint }.map {
        ValueTensor($0, of: file)
      }
      canonical = nil
      return
    }
    let checkpoint = try CheckpointReader.open(path: path, limits: limits)
    var budget = ValueBudget(limits, fileBytes: checkpoint.byteCount)
    for entry in checkpoint.tensors {
      if let excess = budget.refuse(entry) { throw excess }
    }
    let checks = StorageChecks()
    tensors = checkpoint.tensors.filter { !$0.isMeta }.map {
      ValueTensor($0, checks: checks, limits: limits)
    }
    guard let network = try? NetworkStateDict(checkpoint, .auto, key: nil, file: path) else {
      canonical = nil
      return
    }
    canonical = network.tensors.map {
      ValueTensor($0.entry, name: $0.parameter.name, checks: checks, limits: limits)
    }
  }
}
