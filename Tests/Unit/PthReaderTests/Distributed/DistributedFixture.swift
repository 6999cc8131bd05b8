import PthReader
import SWTBytes
import SWTChecksums
import SWTDigests
import SWTTensorFiles
import TestSupport
import Testing

/// The checkpoints in Fixtures/distributed, which all have the same tensors.
struct DistributedFixture: CustomTestStringConvertible, Sendable {
  /// Path in Fixtures/distributed.
  let name: String
  /// The prefix of the tensors' names.
  let prefix: String

  var testDescription: String { name }
  var path: String { Fixtures.path("distributed/\(name)") }

  static let all = [
    DistributedFixture(name: "one", prefix: "model."), DistributedFixture(name: "shard0", prefix: "model."),
    DistributedFixture(name: "shard1", prefix: "model."), DistributedFixture(name: "hf_shards", prefix: ""),
    DistributedFixture(name: "ranks", prefix: ""), DistributedFixture(name: "ranks1", prefix: "state."),
    DistributedFixture(name: "rank0of1.pth", prefix: ""),
  ]

  /// A tensor as PyTorch had it before the save.
  struct Truth {
    let name: String
    let dtype: String
    let shape: [Int]
    let sha256: String
  }

  static func truth() throws -> [Truth] {
    let document = try JSONValue.parse(readFile(Fixtures.path("distributed/truth.json")))
    return (document["tensors"]?.array ?? []).map { row in
      Truth(
        name: row["name"]?.string ?? "", dtype: row["dtype"]?.string ?? "",
        shape: (row["shape"]?.array ?? []).compactMap(\.int), sha256: row["sha256"]?.string ?? "")
    }
  }

  /// A copy in which files may be changed or left out.
  func copy(_ change: (String, [UInt8]) throws -> [UInt8]?) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for file in try Folder.names(in: path) {
      if let bytes = try change(file, readFile("\(path)/\(file)")) { try writeFile(folder.file(file), bytes) }
    }
    return folder
  }
}

/// The SHA-256 as hexadecimal digits.
func hexDigest(_ bytes: [UInt8]) -> String { SystemDigests().sha256(bytes).hex }

/// The SHA-256 of every readable tensor, by name; nil for one whose values cannot be read.
func digests(_ path: String) throws -> [String: String?] {
  let file = try PthFile(path: path)
  var digests: [String: String?] = [:]
  for tensor in file.tensors { digests[tensor.name] = try? hexDigest(file.bytes(of: tensor)) }
  return digests
}
