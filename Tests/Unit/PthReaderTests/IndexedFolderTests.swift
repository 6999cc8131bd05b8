import PthReader
import SWTBytes
import TestSupport
import Testing

/// Folders of shards with an index, named as a whole.
@Suite struct IndexedFolderTests {
  private static let safetensors = "forms/sharded_safetensors/model.safetensors.index.json"
  private static let bin = "forms/sharded_bin/pytorch_model.bin.index.json"

  private func open(_ path: String) throws -> PthFile { try PthFile(path: path) }

  private func expectSame(_ path: String, as index: String) throws {
    let file = try open(path)
    let truth = try open(Fixtures.path(index))
    #expect(file.checkpoint.container == .sharded)
    #expect(file.tensors.map(\.name) == truth.tensors.map(\.name))
    #expect(file.tensors.count > 0)
    for tensor in truth.tensors {
      let found = try #require(file[tensor.name])
      #expect(try file.bytes(of: found) == truth.bytes(of: tensor), "\(tensor.name)")
    }
  }

  @Test(arguments: [safetensors, bin])
  func `a folder is what its only index names`(index: String) throws {
    let folder = Folder.parent(of: Fixtures.path(index))
    try expectSame(folder, as: index)
    try expectSame(folder + "/", as: index)
  }

  /// A folder with copies of indexes and of their shards, except `missing`.
  private func mixed(_ files: [(from: String, to: String)], missing: String = "") throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for (from, name) in files {
      let parent = Folder.parent(of: Fixtures.path(from))
      for shard in try listFolder(parent) where !shard.hasSuffix(".json") && shard != missing {
        try writeFile(folder.file(shard), readFile(Folder.join(parent, shard)))
      }
      try writeFile(folder.file(name), readFile(Fixtures.path(from)))
    }
    return folder
  }

  @Test func `of two forms of one model it is the one that transformers loads`() throws {
    let folder = try mixed([
      (Self.bin, "pytorch_model.bin.index.json"), (Self.safetensors, "model.safetensors.index.json"),
    ])
    try expectSame(folder.path, as: Self.safetensors)
  }

  @Test func `an index of a variant is found, and JSON that is not an index is passed over`() throws {
    let folder = try mixed([(Self.safetensors, "model.safetensors.index.fp16.json")])
    try writeFile(folder.file("other.index.json"), Array("{\"a\": 1}".utf8))
    try expectSame(folder.path, as: Self.safetensors)
  }

  @Test func `several indexes of equal rank are listed, and none is taken`() throws {
    let folder = try mixed([(Self.safetensors, "a.index.json"), (Self.safetensors, "b.index.json")])
    let failure = try #require(throws: ParseFailure.self) { try PthFile(path: folder.path) }
    #expect(failure.hint == "name one of them: a.index.json, b.index.json")
  }

  @Test func `a folder of other files says what it has not`() throws {
    let folder = try TemporaryFolder()
    try writeFile(folder.file("a.pth"), [1, 2, 3])
    let failure = try #require(throws: ParseFailure.self) { try PthFile(path: folder.path) }
    #expect("\(failure)".contains("neither an index of shards nor a .metadata"))
  }

  @Test func `a shard that is not there is missed`() throws {
    let parent = Folder.parent(of: Fixtures.path(Self.safetensors))
    let shard = try #require(try listFolder(parent).filter { $0.hasSuffix(".safetensors") }.max())
    let folder = try mixed([(Self.safetensors, "model.safetensors.index.json")], missing: shard)
    let failure = try #require(throws: ParseFailure.self) { try PthFile(path: folder.path) }
    #expect("\(failure)".contains("shard \(shard) is not in the folder of the index"))
  }
}
