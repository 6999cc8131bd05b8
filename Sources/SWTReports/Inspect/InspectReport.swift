package import PthReader
package import ResNetArchitecture
package import SWTTensorFiles

/// What `inspect` found, ready to be printed in any form.
///
/// Tensors are made one at a time: a file of a megabyte may list thousands, with long names.
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
    /// True for what training updates, as far as its name and type tell.
    var isParameter: Bool
  }

  /// Whether the values of a tensor can be read.
  package enum Values {
    case readable(ValueTensor)
    /// Why they are not; nil where the file holds none.
    case refused(String?)
  }

  package var path: String
  package var byteCount: Int
  package var container: String
  package var architecture: Architecture?
  package var family: String?
  /// Why there is no architecture.
  package var misfit: String?
  package var tensorCount: Int
  /// Makes the tensor with that index.
  package var tensor: (Int) -> Tensor
  /// True when an earlier tensor has the very same values, of the same type and shape.
  package var isRepeat: (Int) -> Bool
  /// Gives access to the values of the tensor with that index; asked once for each, in their order.
  package var values: (Int) -> Values
  /// What the tensors of a known network are for, by their names in the file.
  package var roles: [String: ParameterSpec.Role] = [:]
  /// How the values are spread, when somebody asked; nil for what has no real numbers or was not read.
  package var statistics: [TensorStatistics?] = []
  package var globals: [Checkpoint.GlobalMention] = []
  package var skipped: [(path: String, reason: String)] = []
  package var metadata: [(key: String, value: JSONValue)] = []

  /// The tensors as the tree sees them.
  package var leaves: [Module.Leaf] {
    (0..<tensorCount).map { index in
      let tensor = tensor(index)
      return Module.Leaf(
        name: tensor.name, dtype: tensor.dtype, shape: tensor.shape, bytes: tensor.byteCount,
        isParameter: tensor.isParameter, isRepeat: isRepeat(index))
    }
  }

  /// True for names that PyTorch gives to what it does not train.
  package static func isBuffer(_ name: String) -> Bool {
    ["running_mean", "running_var", "num_batches_tracked"].contains(Module.leafName(name))
  }
}
