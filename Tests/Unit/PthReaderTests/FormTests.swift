import PthReader
import SWTBytes
import SWTChecksums
import SWTDigests
import SWTTensorFiles
import SWTTensors
import TestSupport
import Testing

/// One small file of every form of checkpoint; the expected values are PyTorch's.
@Suite struct FormTests {
  static let names: [String] = {
    let truth = try? JSONValue.parse(readFile(Fixtures.path("forms/truth.json")))
    return (truth?.members ?? []).map(\.key)
  }()

  @Test func `the fixtures exist`() { #expect(Self.names.count > 50) }

  @Test(arguments: names)
  func `every tensor has PyTorch's name, type, shape and bytes`(name: String) throws {
    let document = try JSONValue.parse(readFile(Fixtures.path("forms/truth.json")))
    let truth = try #require(document[name])
    let checkpoint = try CheckpointReader.open(path: Fixtures.path("forms/\(name)"))
    #expect(checkpoint.container.rawValue == truth["container"]?.string)
    let expected = try #require(truth["tensors"]?.array)
    #expect(checkpoint.tensors.count == expected.count)
    // Two keys may have the same name (`1` and `"1"`): each tensor matches one.
    var left = checkpoint.tensors
    for item in expected {
      let path = item["path"]?.array?.compactMap(\.string) ?? []
      let place = try #require(
        left.firstIndex { $0.path.map(\.description) == path && $0.name == item["name"]?.string }, "\(path)")
      let entry = left.remove(at: place)
      #expect(entry.scalarType.rawValue == item["dtype"]?.string)
      #expect(entry.shape == item["shape"]?.array?.compactMap(\.int))
      #expect(entry.layout.strides == item["stride"]?.array?.compactMap(\.int), "\(path)")
      #expect(entry.layout.offset == item["storage_offset"]?.int, "\(path)")
      guard let sha256 = item["sha256"]?.string else {
        #expect(entry.isMeta)
        continue
      }
      #expect(SystemDigests().sha256(try entry.values()).hex == sha256, "\(path)")
      try entry.storage.requireChecksum()
    }
  }

  @Test func `quantized tensors keep their scales`() throws {
    let checkpoint = try CheckpointReader.open(path: Fixtures.path("forms/quantized.pt"))
    let quantizers = Dictionary(uniqueKeysWithValues: checkpoint.tensors.map { ($0.name, $0.quantizer) })
    #expect(quantizers["qint8"] == .perTensor(scale: 0.1, zeroPoint: 3))
    #expect(
      quantizers["per_channel"] == .perChannel(axis: 0, scales: [0.1, 0.2, 0.3], zeroPoints: [0, 1, 2]))
  }

  @Test func `sparse tensors keep their layout and size`() throws {
    let checkpoint = try CheckpointReader.open(path: Fixtures.path("forms/sparse.pt"))
    let layouts = checkpoint.sparse.map {
      "\($0.name) \($0.description.layout.rawValue) \($0.description.size)"
    }
    #expect(layouts.contains("bsc torch.sparse_bsc [4, 4]"))
    #expect(layouts.contains("hybrid torch.sparse_coo [4, 4, 2]"))
  }

  static let strangers: [(name: String, word: String)] = {
    let words = try? JSONValue.parse(readFile(Fixtures.path("strangers/words.json")))
    return (words?.members ?? []).map { ($0.key, $0.value.string ?? "") }
  }()

  @Test func `files that are not checkpoints are identified`() throws {
    #expect(Self.strangers.count > 15)
    for (name, word) in Self.strangers {
      let failure = try #require(throws: ParseFailure.self, "\(name)") {
        try CheckpointReader.open(path: Fixtures.path("strangers/\(name)"))
      }
      #expect(failure.description.lowercased().contains(word.lowercased()), "\(name): \(failure)")
    }
  }
}
