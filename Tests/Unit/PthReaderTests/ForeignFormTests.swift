import PthReader
import SWTBytes
import SWTTensorFiles
import SWTTensors
import TestSupport
import Testing

/// Checkpoints that are not from today's `torch.save`.
@Suite struct ForeignFormTests {
  nonisolated static let names: [String] = {
    (try? JSONValue.parse(readFile(Fixtures.path("foreign/truth.json"))).members ?? [])?.map(\.key) ?? []
  }()

  @Test func `there is a file of each form`() { #expect(Self.names.count == 7) }

  @Test(arguments: names)
  func `every tensor is the one that was saved`(name: String) throws {
    let truth = try #require(JSONValue.parse(readFile(Fixtures.path("foreign/truth.json")))[name]?.array)
    let file = try PthFile(path: Fixtures.path("foreign/\(name)"))
    #expect(file.tensors.count == truth.count)
    for row in truth {
      let tensor = try #require(file[row["name"]?.string ?? ""], "\(row["name"]?.string ?? "")")
      #expect(tensor.scalarType.rawValue == row["dtype"]?.string)
      #expect(tensor.shape == row["shape"]?.array?.compactMap(\.int))
      #expect(try hexDigest(file.bytes(of: tensor)) == row["sha256"]?.string)
    }
    #expect(file.checkpoint.hasCode == (name == "cloudpickle.pth" || name == "dill.pth"))
  }

  @Test func `joblib arrays cut anywhere are an error`() throws {
    let bytes = try readFile(Fixtures.path("foreign/arrays.joblib"))
    for count in 1..<bytes.count {
      #expect(throws: ParseFailure.self, "cut at \(count)") {
        let file = try PthFile(MemorySource(Array(bytes[..<count])), path: "cut")
        for tensor in file.tensors { _ = try file.bytes(of: tensor) }
      }
    }
  }

  @Test func `a function that the file defines may not be called in it`() {
    // _make_function(…) creates a function, which REDUCE then calls.
    let pickle = PickleBuilder()
      .global("cloudpickle.cloudpickle", "_make_function").op(0x29).op(0x52)
      .op(0x29).op(0x52).stop()
    let failure = #expect(throws: ParseFailure.self) {
      try PthFile(MemorySource(ZipBuilder.checkpoint(pickle)), path: "called")
    }
    #expect(failure?.hint?.contains("do not load this file") == true)
  }

  @Test(arguments: [("posix", "system"), ("builtins", "eval"), ("dill._dill", "_eval_repr")])
  func `dangerous functions beside pickled code are refused`(module: String, name: String) {
    let pickle = PickleBuilder().op(0x28)
      .global("cloudpickle.cloudpickle", "_make_function").global(module, name).op(0x74).stop()
    #expect(throws: ParseFailure.self) {
      try PthFile(MemorySource(ZipBuilder.checkpoint(pickle)), path: "dangerous")
    }
  }

  @Test(arguments: [0x01, 0x5E, 0x9C, 0xDA] as [UInt8])
  func `a compressed joblib file is named`(level: UInt8) throws {
    let failure = try #require(throws: ParseFailure.self) {
      try PthFile(MemorySource([0x78, level, 0x6B, 0x60, 0x8E, 0xEC]), path: "arrays.joblib")
    }
    #expect(failure.description.contains("compressed with zlib, as joblib.dump with compress writes it"))
  }

  @Test func `an AOTInductor package is named`() throws {
    var zip = ZipBuilder()
    zip.add("m/archive_format", Array("pt2".utf8))
    zip.add("m/data/aotinductor/model/x.so", [1, 2, 3])
    let failure = try #require(throws: ParseFailure.self) {
      try PthFile(MemorySource(zip.bytes()), path: "aoti")
    }
    #expect("\(failure)".contains("AOTInductor"))
  }

  @Test func `safetensors of types that PyTorch lacks are left out, not the file`() throws {
    let header = """
      {"f6":{"dtype":"F6_E2M3","shape":[4],"data_offsets":[0,3]},\
      "odd":{"dtype":"F4","shape":[2,3],"data_offsets":[3,6]},\
      "f4":{"dtype":"F4","shape":[2,4],"data_offsets":[6,10]},\
      "a":{"dtype":"U8","shape":[2],"data_offsets":[10,12]}}
      """
    let size = header.utf8.count
    let bytes = [UInt8(size & 0xFF), UInt8(size >> 8), 0, 0, 0, 0, 0, 0] + Array(header.utf8) + Array(0..<12)
    let file = try PthFile(MemorySource(bytes), path: "f6")
    #expect(file.tensors.map(\.name) == ["f4", "a"])
    #expect(file["f4"]?.shape == [2, 2])
    #expect(try file.bytes("a") == [10, 11])
    #expect(file.checkpoint.skipped.map(\.path) == ["f6", "odd"])
  }
}
