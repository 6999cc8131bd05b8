import PthReader
import SWTChecksums
import SWTDigests
import SWTTensors
import TestSupport
import Testing

@Suite struct FixtureTests {
  @Test(arguments: CheckpointTruth.names)
  func `every tensor has PyTorch's bytes`(name: String) throws {
    let truth = try CheckpointTruth(name)
    let checkpoint = try CheckpointReader.open(path: Fixtures.path("checkpoints/\(name).pth"))
    let found = Dictionary(
      checkpoint.tensors.map { ($0.path.map(\.description), $0) }, uniquingKeysWith: { a, _ in a })
    #expect(found.count == truth.tensors.count)
    for expected in truth.tensors {
      let entry = try #require(found[expected.path], "\(expected.name) is missing")
      #expect(entry.name == expected.name)
      #expect(entry.scalarType.rawValue == expected.dtype)
      #expect(entry.shape == expected.shape)
      #expect(entry.byteCount == expected.byteCount)
      #expect(entry.layout.offset == expected.offset, "\(expected.name)")
      #expect(entry.layout.strides == expected.stride, "\(expected.name)")
      let digest = SystemDigests().makeSHA256()
      digest.update(try entry.values())
      #expect(digest.finalize().hex == expected.sha256, "\(expected.name)")
    }
  }

  @Test func `missing checksums are accepted`() throws {
    let checkpoint = try CheckpointReader.open(path: Fixtures.path("checkpoints/no_crc.pth"))
    for tensor in checkpoint.tensors { try tensor.storage.requireChecksum() }
  }

  @Test(arguments: ["resnext_small", "resnext_small_deflated"])
  func `existing checksums match`(name: String) throws {
    let checkpoint = try CheckpointReader.open(path: Fixtures.path("checkpoints/\(name).pth"))
    for tensor in checkpoint.tensors { try tensor.storage.requireChecksum() }
  }
}
