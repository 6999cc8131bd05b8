internal import PthReader
internal import SWTResNet
internal import SWTTensorFiles

/// What `inspect` found, ready to be printed either way.
///
/// Tensors are made one at a time: a file of a megabyte may list thousands, with long names.
struct InspectReport {
  struct Tensor {
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
  }

  var path: String
  var byteCount: Int
  var container: String
  var architecture: Architecture?
  var family: String?
  /// Why there is no architecture.
  var misfit: String?
  var tensorCount: Int
  /// Makes the tensor with that index.
  var tensor: (Int) -> Tensor
  var globals: [Checkpoint.GlobalMention] = []
  var skipped: [(path: String, reason: String)] = []
  var metadata: [(key: String, value: JSONValue)] = []
}
