import PthReader
import SWTBytes
import SWTTensors
import TestSupport
import Testing

/// Small files in each container, damaged everywhere: an error or the same tensors, never a crash or a hang.
@Suite struct DamageTests {
  /// Containers whose checksums cover every tensor: damage is an error or changes nothing.
  static let proven = [
    "zip_protocol2.pt", "rezip_deflated.pt", "rezip_flat.pt", "big_endian.pt", "zip.pt.gz", "safetensors.gz",
    "quantized.pt", "sparse.pt", "scripted.pt", "mobile.ptl", "package.pt",
  ]

  /// Containers without checksums: only sizes can be checked.
  static let unproven = [
    "legacy_protocol1.pt", "legacy_protocol2.pt", "legacy_protocol4.pt", "legacy_views.pt", "legacy_two.pt",
    "tar.pth", "tar_oldest.pth", "model.safetensors", "bare_protocol0.pkl", "bare_protocol2.pkl",
    "bare_protocol5.pkl", "detectron.pkl", "numpy_latin1.pkl",
  ]

  /// The compared parts of a tensor: its name and its values.
  private struct Content: Equatable {
    let path: [String]
    let type: String
    let shape: [Int]
    let values: [UInt8]
  }

  /// The contents of a file; nil if it is refused, on opening or while reading values.
  private func contents(_ bytes: [UInt8], values: Bool = true) -> [Content]? {
    do {
      let checkpoint = try CheckpointReader.read(MemorySource(bytes))
      return try checkpoint.tensors.map { tensor in
        if values { try tensor.storage.requireChecksum() }
        return Content(
          path: tensor.path.map(\.description), type: tensor.scalarType.rawValue, shape: tensor.shape,
          values: values && tensor.byteCount < 1 << 20 && !tensor.isMeta ? try tensor.values() : [])
      }
    } catch {
      return nil
    }
  }

  private func form(_ name: String) throws -> [UInt8] { try readFile(Fixtures.path("forms/\(name)")) }

  @Test(arguments: proven)
  func `no flipped bit changes a tensor unnoticed if a checksum covers it`(name: String) throws {
    var bytes = try form(name)
    let whole = try #require(contents(bytes))
    for i in bytes.indices {
      let mask: UInt8 = 1 << UInt8(i % 8)
      bytes[i] ^= mask
      if let found = contents(bytes) { #expect(found == whole, "byte \(i), mask \(mask)") }
      bytes[i] ^= mask
    }
  }

  @Test(arguments: unproven)
  func `no flipped byte crashes the reader or changes the size of a tensor`(name: String) throws {
    var bytes = try form(name)
    _ = try #require(contents(bytes))
    for mask in [UInt8(0xFF), 0x01, 0x80] {
      for i in bytes.indices {
        bytes[i] ^= mask
        for tensor in contents(bytes) ?? [] where !tensor.values.isEmpty {
          let width = tensor.values.count / max(1, tensor.shape.reduce(1, *))
          #expect(tensor.values.count == tensor.shape.reduce(1, *) * width, "byte \(i)")
        }
        bytes[i] ^= mask
      }
    }
  }

  @Test(arguments: proven + unproven)
  func `every truncation is an error or leaves the tensors unchanged`(name: String) throws {
    let whole = try form(name)
    let expected = try #require(contents(whole))
    for length in 0..<whole.count {
      // Trailing bytes may be padding, so a prefix may be complete.
      if let found = contents(Array(whole[..<length])) { #expect(found == expected, "length \(length)") }
    }
  }

  @Test func `a changed byte of a tensor is found by the archive's own checksum`() throws {
    var bytes = try readFile(Fixtures.path("checkpoints/parameter.pth"))
    let whole = try CheckpointReader.read(MemorySource(bytes))
    let tensor = try #require(whole.tensors.first)
    let value = try tensor.values()
    let place = try #require(bytes.indices.first { bytes[$0...].starts(with: value) })
    bytes[place] ^= 1
    let damaged = try CheckpointReader.read(MemorySource(bytes))
    #expect(throws: ParseFailure.self) {
      for tensor in damaged.tensors { try tensor.storage.requireChecksum() }
    }
  }

  @Test func `a damaged index of shards does not crash the reader`() throws {
    let folder = try TemporaryFolder()
    let from = Fixtures.path("forms/sharded_bin")
    for name in ["pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"] {
      try writeFile(folder.file(name), readFile("\(from)/\(name)"))
    }
    var index = try readFile("\(from)/pytorch_model.bin.index.json")
    for i in index.indices {
      for mask in [UInt8(0xFF), 0x01] {
        index[i] ^= mask
        try writeFile(folder.file("i.json"), index)
        _ = try? CheckpointReader.open(path: folder.file("i.json"))
        index[i] ^= mask
      }
    }
  }
}
