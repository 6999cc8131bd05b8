import PthReader
import SWTBytes
import SWTTensors
import TestSupport
import Testing

/// Checkpoints that several processes wrote together.
@Suite struct DistributedFormTests {
  @Test(arguments: DistributedFixture.all)
  func `every tensor is the one that PyTorch saved`(fixture: DistributedFixture) throws {
    let file = try PthFile(path: fixture.path)
    for truth in try DistributedFixture.truth() {
      let tensor = try #require(file[fixture.prefix + truth.name], "\(truth.name)")
      #expect(tensor.scalarType.rawValue == truth.dtype)
      #expect(tensor.shape == truth.shape)
      #expect(try hexDigest(file.bytes(of: tensor)) == truth.sha256, "\(truth.name)")
      #expect(tensor.path.last == .key(truth.name))
    }
  }

  @Test(arguments: DistributedFixture.all, [1, 4, 12, 40])
  func `windows of any size have the same bytes`(fixture: DistributedFixture, size: Int) throws {
    let file = try PthFile(path: fixture.path)
    for tensor in file.tensors {
      var reader = try file.reader(of: tensor, windowBytes: size)
      let window = WindowBuffer(capacity: reader.windowBytes)
      var bytes: [UInt8] = []
      while try reader.next(into: window) {
        bytes += unsafe window.bytes.withUnsafeBytes { unsafe Array($0) }
      }
      #expect(try bytes == file.bytes(of: tensor), "\(tensor.name)")
    }
  }

  @Test(arguments: ["one", "shard0", "shard1"])
  func `what is not a tensor is inert, and nested structure comes from the planner`(name: String) throws {
    let file = try PthFile(path: Fixtures.path("distributed/\(name)"))
    #expect(file.checkpoint.container == .distributed)
    #expect(file.tensors.count == 10)
    #expect(file.checkpoint.skipped.isEmpty)
    let tensor = try #require(file["n.l.0"])
    #expect(tensor.path == [.key("n"), .key("l"), .index(0)])
    #expect(try file.floats("n.l.0") == [1.5])
    #expect(file["model.conv1.weight"]?.path == [.key("model"), .key("conv1.weight")])
  }

  @Test(arguments: [
    "one/__0_0.distcp", "shard0/__1_1.distcp", "one/.metadata", "ranks/model_rank0.pth", "ranks1/1.pt",
    "hf_shards/shard-00001-model-00001-of-00001.safetensors",
    "hf_shards/shard-00002-model-00001-of-00001.safetensors",
  ])
  func `one file of several is refused, with what to do`(name: String) throws {
    let failure = try #require(throws: ParseFailure.self) {
      try PthFile(path: Fixtures.path("distributed/\(name)"))
    }
    guard case .unsupported = failure.reason else {
      Issue.record("\(failure)")
      return
    }
    #expect(failure.hint?.contains("folder") == true)
  }

  @Test func `a rank's file names its shards and its rank`() throws {
    let failure = try #require(throws: ParseFailure.self) {
      try PthFile(path: Fixtures.path("distributed/ranks/model_rank1.pth"))
    }
    #expect("\(failure)".contains("conv1.weight is a shard of rank 1 of 2: [1, 3, 3, 3] at [1, 0, 0, 0] of"))
  }

  @Test(arguments: [
    "shard-00001-model-00001-of-00001.safetensors", "shard-00002-model-00001-of-00001.safetensors",
  ])
  func `a renamed shard is no small whole tensor where its offsets say so`(name: String) throws {
    let shard = try TemporaryFile(
      readFile(Fixtures.path("distributed/hf_shards/\(name)")), name: "m.safetensors")
    // The first shard's offsets are all zero, and its running statistics are in the other file.
    guard name.contains("00002") else { return }
    #expect(throws: ParseFailure.self) { try PthFile(path: shard.path) }
  }

  @Test func `files with other names are the same checkpoint`() throws {
    let fixture = DistributedFixture(name: "ranks", prefix: "")
    let folder = try TemporaryFolder()
    for (old, new) in [("model_rank0.pth", "z"), ("model_rank1.pth", "a")] {
      try writeFile(folder.file(new), readFile("\(fixture.path)/\(old)"))
    }
    try writeFile(folder.file("README.md"), Array("text".utf8))
    #expect(try digests(folder.path) == digests(fixture.path))
  }
}
