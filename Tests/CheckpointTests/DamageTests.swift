import PthReader
import SWTBytes
import TestSupport
import Testing

/// Small real files, damaged everywhere: an error or the same tensors, never a crash and never a hang.
@Suite struct DamageTests {
  static let small = ["parameter", "bare_tensor", "no_crc", "views_legacy", "dtypes_legacy"]

  private func names(_ bytes: [UInt8]) -> [String]? {
    guard let checkpoint = try? CheckpointReader.read(MemorySource(bytes)) else { return nil }
    for tensor in checkpoint.tensors where tensor.byteCount < 1 << 20 { _ = try? tensor.values() }
    return checkpoint.tensors.map(\.name)
  }

  @Test(arguments: small)
  func `every truncation is an error or leaves the tensors as they are`(name: String) throws {
    let whole = try readFile(Fixtures.path("checkpoints/\(name).pth"))
    let expected = names(whole)
    #expect(expected != nil)
    for length in 0..<whole.count {
      let found = names(Array(whole[..<length]))
      #expect(found == nil || found == expected, "length \(length)")
    }
  }

  @Test(arguments: small, [UInt8(0xFF), 0x01, 0x80])
  func `no changed byte crashes the reader`(name: String, mask: UInt8) throws {
    var bytes = try readFile(Fixtures.path("checkpoints/\(name).pth"))
    for i in bytes.indices {
      bytes[i] ^= mask
      _ = names(bytes)
      bytes[i] ^= mask
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
}
