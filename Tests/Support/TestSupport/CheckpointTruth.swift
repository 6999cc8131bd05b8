import SWTBytes
import SWTTensorFiles

/// PyTorch's account of a fixture checkpoint: Fixtures/truth/<name>.json.
package struct CheckpointTruth: Sendable {
  package struct Tensor: Sendable {
    package let name: String
    package let path: [String]
    package let dtype: String
    package let shape: [Int]
    package let stride: [Int]
    package let offset: Int
    package let byteCount: Int
    package let sha256: String
  }

  package let tensors: [Tensor]

  package init(_ name: String) throws {
    let document = try JSONValue.parse(try readFile(Fixtures.path("truth/\(name).json")))
    guard let list = document.array ?? document["tensors"]?.array else {
      throw TestFailure("no tensors in truth/\(name).json")
    }
    tensors = try list.map { item in
      guard let name = item["name"]?.string, let path = item["path"]?.array,
        let dtype = item["dtype"]?.string,
        let shape = item["shape"]?.array, let stride = item["stride"]?.array,
        let offset = item["storage_offset"]?.int, let byteCount = item["nbytes"]?.int,
        let sha256 = item["sha256"]?.string
      else { throw TestFailure("an incomplete tensor in the truth") }
      return Tensor(
        name: name, path: path.compactMap(\.string), dtype: dtype, shape: shape.compactMap(\.int),
        stride: stride.compactMap(\.int), offset: offset, byteCount: byteCount, sha256: sha256)
    }
  }

  /// All fixture checkpoints.
  package static let names = [
    "bare_tensor", "dtypes", "dtypes_legacy", "nested", "no_crc", "parameter", "resnet_basic",
    "resnext_compiled", "resnext_deep", "resnext_headless", "resnext_small", "resnext_small_deflated",
    "resnext_small_legacy", "resnext_wrapped", "views", "views_legacy", "whole_module",
  ]
}
