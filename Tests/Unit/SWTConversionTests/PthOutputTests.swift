import PthReader
import SWT
import SWTBytes
import SWTChecksums
import SWTConversion
import SWTDigests
import SWTTensors
import TestSupport
import Testing

/// Checkpoints as output: the way back to PyTorch.
@Suite struct PthOutputTests {
  /// PyTorch's own digests of the values are the truth.
  @Test(arguments: ConverterTests.networks)
  func `a checkpoint that went to a weight file and back has PyTorch's tensors`(name: String) throws {
    let truth = try CheckpointTruth(name)
    let there = try Conversion(name)
    let back = there.folder.file("back.pth")
    let summary = try Converter.convert(there.output, to: back)
    #expect(summary.warnings.isEmpty && summary.contentID == nil)
    let file = try PthFile(path: back)
    #expect(Set(file.tensors.map(\.name)) == Set(truth.tensors.map(\.name)))
    for tensor in truth.tensors {
      let found = try #require(file[tensor.name])
      #expect(found.shape == tensor.shape && found.layout.isContiguous)
      #expect(try SystemDigests().sha256(file.bytes(of: found)).hex == tensor.sha256)
    }
  }

  @Test(arguments: ["dtypes", "views", "nested"])
  func `it has the names and values that safetensors would have`(name: String) throws {
    let pth = try Conversion(name, ending: "pth") { $0.architecture = .none }
    let other = try Conversion(name, ending: "safetensors") { $0.architecture = .none }
    let (a, b) = (try PthFile(path: pth.output), try PthFile(path: other.output))
    #expect(Set(a.tensors.map(\.name)) == Set(b.tensors.map(\.name)))
    for tensor in a.tensors {
      #expect(try a.bytes(of: tensor) == b.bytes(tensor.name), "\(tensor.name)")
      #expect(tensor.layout.isContiguous)
    }
  }

  /// `views` has several names of one view; PyTorch says which share memory.
  @Test func `names of the same view share memory again`() throws {
    let source = try PthFile(path: Conversion.path("views"))
    let conversion = try Conversion("views", ending: "pth") { $0.architecture = .none }
    let copy = try PthFile(path: conversion.output)
    for a in source.tensors {
      for b in source.tensors where a.storage.id == b.storage.id && a.layout == b.layout {
        #expect(copy[a.name]?.storage.id == copy[b.name]?.storage.id, "\(a.name), \(b.name)")
      }
    }
  }

  /// Storages of several files have the same numbers, and those that are computed have none.
  @Test(arguments: [
    "distributed/shard0", "distributed/shard1", "distributed/hf_shards", "distributed/ranks",
    "forms/sharded_safetensors/model.safetensors.index.json",
    "forms/sharded_bin/pytorch_model.bin.index.json",
    "parametrizations/weight_norm.safetensors", "parametrizations/spectral_norm.safetensors",
    "families/caffe2.pkl", "forms/legacy_two.pt",
  ])
  func `different tensors never share data, whatever they come from`(path: String) throws {
    let folder = try TemporaryFolder()
    let isNetwork = path.hasPrefix("parametrizations") || path.hasPrefix("families")
    var options = ConversionOptions()
    if !isNetwork { options.architecture = .none }
    for ending in ["pth", "safetensors"] {
      _ = try Converter.convert(Fixtures.path(path), to: folder.file("o.\(ending)"), options)
    }
    let (a, b) = (try PthFile(path: folder.file("o.pth")), try PthFile(path: folder.file("o.safetensors")))
    #expect(!a.tensors.isEmpty && Set(a.tensors.map(\.name)) == Set(b.tensors.map(\.name)))
    for tensor in a.tensors {
      #expect(try a.bytes(of: tensor) == b.bytes(tensor.name), "\(tensor.name)")
    }
  }

  @Test func `tied tensors of a distributed checkpoint, which are stored twice, share their data`() throws {
    let folder = try TemporaryFolder()
    var options = ConversionOptions()
    options.architecture = .none
    let path = Fixtures.path("distributed/tied")
    #expect(try Converter.convert(path, to: folder.file("o.swt"), options).aliasCount == 1)
    let file = try PthFile(path: path)
    #expect(try file.floats("embed.weight") == (0..<24).map { Float($0) / 8 })
    #expect(try file.bytes("embed.weight") == file.bytes("head.weight"))
    #expect(try file.bytes("embed.weight") != file.bytes("other"))
  }

  @Test func `what cannot come back is said`() throws {
    let folded = try Conversion("resnext_small", ending: "pth") { $0.foldsBatchNorm = true }
    #expect(folded.summary.warnings.contains { $0.contains("BatchNorm") })
    let integers = try Conversion("resnext_small", ending: "pth") { $0.precision = .i8 }
    #expect(integers.summary.warnings.contains { $0.contains("integers") })
  }

  @Test(arguments: [
    ("a.swt", OutputFormat.swt), ("a.b.safetensors", .safetensors), ("x.y/a.pth", .pth), ("plain", .swt),
    ("x.y/plain", .swt), (".hidden", .swt),
  ])
  func `the ending decides`(path: String, format: OutputFormat) {
    #expect(OutputFormat(path: path) == format)
  }

  @Test(arguments: ["a.pt", "a.bin", "a.swt.gz", "a.PTH", "a.npz", "a."])
  func `another ending is refused before anything is read`(path: String) throws {
    let failure = #expect(throws: ConversionFailure.self) { try Converter.convert("/nowhere.pth", to: path) }
    #expect(failure?.kind == .options)
  }
}
