package import PthReader
package import ResNetArchitecture
package import SWTBytes
package import SWTTensorFiles

/// The result of `inspect`, which can be printed in any format.
///
/// Tensors are created one at a time, because a file of a megabyte may list thousands with long names.
package struct InspectReport {
  package struct Tensor {
    var name: String
    var path: [String]
    var dtype: String
    var shape: [Int]
    var stride: [Int]
    var storageOffset: Int
    var byteCount: Int
    /// Name of the first tensor in the same storage.
    var sharesWith: String?
    var quantizer: Quantizer?
    var sha256: String?
    /// Whether training updates it, judging by its name and type.
    var isParameter: Bool
  }

  /// Why the tensors are not a known network.
  package struct Misfit {
    /// A complete sentence.
    var message: String
    /// The part of the sentence that follows "not a known ResNet or ResNeXt".
    var reason: String
  }

  /// Whether the values of a tensor can be read.
  package enum Values {
    case readable(ValueTensor)
    /// Why they are not; nil if the file has no values.
    case refused(String?)
  }

  package var path: String
  package var byteCount: Int
  package var container: String
  package var architecture: Architecture?
  package var family: String?
  /// Why there is no architecture.
  package var misfit: Misfit?
  package var tensorCount: Int
  /// Creates the tensor with the given index.
  package var tensor: (Int) -> Tensor
  /// Whether an earlier tensor has the same values in the same storage, with the same type and shape.
  package var isRepeat: (Int) -> Bool
  /// Gives access to the values of the tensor with the given index; called once per tensor, in order.
  package var values: (Int) -> Values
  /// Roles of the tensors of a known network, by their names in the file.
  package var roles: [ExactString: ParameterSpec.Role] = [:]
  /// Statistics of each tensor's values, if requested; nil for tensors that were not read or are not real
  /// numbers.
  package var statistics: [TensorStatistics?] = []
  /// The numbers of a network of integers; nil for any other file.
  package var quantized: QuantizedSummary?
  package var globals: [Checkpoint.GlobalMention] = []
  package var skipped: [(path: String, reason: String)] = []
  package var metadata: [(key: String, value: JSONValue)] = []

  /// The tensors as leaves of the module tree.
  package var leaves: [Module.Leaf] {
    (0..<tensorCount).map { index in
      let tensor = tensor(index)
      return Module.Leaf(
        name: tensor.name, dtype: tensor.dtype, shape: tensor.shape, bytes: tensor.byteCount,
        isParameter: tensor.isParameter, isRepeat: isRepeat(index))
    }
  }

  /// Whether a name is one that PyTorch gives to buffers.
  package static func isBuffer(_ name: String) -> Bool {
    ["running_mean", "running_var", "num_batches_tracked"].contains(Module.leafName(name))
  }
}
