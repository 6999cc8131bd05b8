import SWTBytes
import SWTChecksums
import SWTCommands
internal import SWTConsole
import SWTDigests
import SWTTensorFiles
import TestSupport
import Testing

/// A folder that is one checkpoint is one input of every command.
@Suite struct DistributedCommandTests {
  static let folders = ["one", "shard0", "shard1", "hf_shards", "ranks", "ranks1"]

  @Test(arguments: folders)
  func `a folder converts to one file, which its source proves`(name: String) throws {
    let folder = try TemporaryFolder()
    let input = Fixtures.path("distributed/\(name)")
    let output = folder.file("x.swt")
    let converted = Tool("convert", input, "-o", output, "--arch", "none", "--json")
    #expect(converted.status == .success, "\(converted.errors)")
    // The digest of the source is that of its files, one after another.
    let files = try Folder.names(in: input).flatMap { try readFile("\(input)/\($0)") }
    #expect(try converted.json()["source_sha256"]?.string == SystemDigests().sha256(files).hex)
    #expect(Tool("verify", output, "--level", "weights", "--source", input).status == .success)
    #expect(Tool("diff", input, output).status == .success)
    let report = try Tool("inspect", input, "--hash", "--json").json()
    #expect(report["container"]?.string == (name == "hf_shards" ? "sharded" : "distributed"))
  }

  @Test(arguments: ["sharded_safetensors/model.safetensors", "sharded_bin/pytorch_model.bin"])
  func `a folder with an index is inspected, compared and a source, as its index is`(name: String) throws {
    let folder = try TemporaryFolder()
    let index = Fixtures.path("forms/\(name).index.json")
    let input = Folder.parent(of: index)
    let output = folder.file("x.swt")
    #expect(Tool("convert", index, "-o", output, "--arch", "none").status == .success)
    #expect(Tool("verify", output, "--level", "weights", "--source", input).status == .success)
    #expect(Tool("diff", input, index).status == .success)
    let hashed = ["--tensors", "--hash", "--json"]
    let report = try Tool(["inspect", input] + hashed).json()
    #expect(report["container"]?.string == "sharded")
    #expect(try report["tensors"] == Tool(["inspect", index] + hashed).json()["tensors"])
  }

  @Test(arguments: [true, false])
  func `tensors of equal values share their bytes, whatever their chunks are`(isAlone: Bool) throws {
    let folder = try TemporaryFolder()
    let input = Fixtures.path("distributed/tied_shards")
    let output = folder.file("x.swt")
    let converted = Tool(
      "convert", input, "-o", output, "--arch", "none", "--json", "--threads", isAlone ? "1" : "2")
    #expect(try converted.json()["aliases"]?.int == 2, "\(converted.output)")
    #expect(Tool("verify", output, "--level", "weights", "--source", input).status == .success)
  }

  @Test(arguments: [true, false])
  func `shards beside the checkpoint that was made of them are not inputs`(areInFolder: Bool) throws {
    let source = Fixtures.path("distributed/consolidated")
    let (input, folder) = (try TemporaryFolder(), try TemporaryFolder())
    for name in try Folder.names(in: source) where !Folder.exists("\(source)/\(name)") {
      try writeFile(input.file(name), readFile("\(source)/\(name)"))
    }
    if areInFolder { try Folder.make(input.file("sharded")) }
    for name in try Folder.names(in: "\(source)/sharded") {
      let place = areInFolder ? "sharded/\(name)" : name
      try writeFile(input.file(place), readFile("\(source)/sharded/\(name)"))
    }
    let converted = Tool("convert", input.path, "-o", folder.path + "/", "--arch", "none")
    #expect(converted.status == .success, "\(converted.errors)")
    #expect(converted.errors.contains("which are also in the files of the index beside them"))
    #expect(try Folder.names(in: folder.path) == ["model.swt"])
    let proof = Tool("verify", folder.file("model.swt"), "--level", "weights", "--source", input.path)
    #expect(proof.status == .success, "\(proof.output)")
  }

  @Test func `several folders are several inputs`() throws {
    let folder = try TemporaryFolder()
    let inputs = ["one", "shard1"].map { Fixtures.path("distributed/\($0)") }
    let converted = Tool(["convert"] + inputs + ["-o", folder.path + "/", "--arch", "none"])
    #expect(converted.status == .success, "\(converted.errors)")
    #expect(try Folder.names(in: folder.path) == ["one.swt", "shard1.swt"])
  }

  @Test func `a folder of such folders has one output per folder`() throws {
    let folder = try TemporaryFolder()
    let converted = Tool(
      "convert", Fixtures.path("distributed"), "-o", folder.path + "/", "--arch", "none", "--force")
    #expect(converted.status == .success, "\(converted.errors)")
    let files = (Self.folders + ["rank0of1", "tied", "tied_shards"]).map { "\($0).swt" }
    let expected = (["consolidated"] + files).sorted()
    #expect(try Folder.names(in: folder.path) == expected)
  }

  @Test(arguments: ["one/__0_0.distcp", "ranks/model_rank0.pth", "ranks1/0.pt"])
  func `a shard alone is never converted`(name: String) throws {
    let folder = try TemporaryFolder()
    let output = folder.file("x.swt")
    for options in [[], ["--arch", "none"]] {
      let converted = Tool(["convert", Fixtures.path("distributed/\(name)"), "-o", output] + options)
      #expect(converted.status == .inputUnreadable)
    }
    #expect(try Folder.names(in: folder.path).isEmpty)
  }

  @Test(arguments: ["unpacked", "unpacked/data.pkl"])
  func `an unpacked archive is one input`(name: String) throws {
    let folder = try TemporaryFolder()
    let output = folder.file("x.swt")
    let converted = Tool("convert", Fixtures.path("foreign/\(name)"), "-o", output, "--arch", "none")
    #expect(converted.status == .success, "\(converted.errors)")
    #expect(Tool("diff", Fixtures.path("foreign/cloudpickle.pth"), output).status == .success)
  }

  @Test func `pickled code is said to be there`() throws {
    let folder = try TemporaryFolder()
    let converted = Tool(
      "convert", Fixtures.path("foreign/dill.pth"), "-o", folder.file("x.swt"), "--arch", "none")
    #expect(converted.status == .success)
    #expect(converted.errors.contains("defines Python classes or functions"))
  }

  @Test func `an output never replaces a shard of its input`() throws {
    let folder = try TemporaryFolder()
    let shards = Fixtures.path("distributed/hf_shards")
    let names = try Folder.names(in: shards)
    for name in names { try writeFile(folder.file(name), readFile("\(shards)/\(name)")) }
    let words = ["convert", folder.path, "-o", folder.file(names[0]), "--arch", "none", "--force"]
    #expect(Tool(words).status == .outputFailed)
    #expect(try readFile(folder.file(names[0])) == readFile("\(shards)/\(names[0])"))
  }
}
