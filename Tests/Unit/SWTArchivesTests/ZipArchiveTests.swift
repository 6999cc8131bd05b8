import SWTArchives
import SWTBytes
import TestSupport
import Testing

/// Archives that NumPy wrote, through Python's zipfile.
@Suite struct ZipArchiveTests {
  private static func archive(_ bytes: [UInt8], _ limits: ParseLimits = ParseLimits()) throws -> ZipArchive {
    try ZipArchive(MemorySource(bytes), limits: limits)
  }

  private static func fixture(_ name: String) throws -> [UInt8] {
    try readFile(Fixtures.path("imports/\(name)"))
  }

  @Test(arguments: [
    ("pair.npz", ["input.npy", "logits.npy"], ZipEntry.Method.stored),
    ("positional.npz", ["arr_0.npy", "arr_1.npy"], .deflated),
  ])
  func `entries are listed in file order, and their data has its checksum`(
    file: String, names: [String], method: ZipEntry.Method
  ) throws {
    let archive = try Self.archive(try Self.fixture(file))
    #expect(archive.entries.map(\.name) == names)
    for entry in archive.entries {
      #expect(entry.method == method)
      let data = try archive.proven(entry)
      #expect(data.byteCount == entry.byteCount)
      #expect(try Checksum.crc32(data) == entry.crc32)
      #expect(try archive.bytes(entry, limit: .totalBytes).starts(with: [0x93] + Array("NUMPY".utf8)))
    }
  }

  @Test func `a stored and a deflated entry of the same array are equal`() throws {
    let stored = try Self.archive(try Self.fixture("pair.npz"))
    let deflated = try Self.archive(try Self.fixture("positional.npz"))
    for (a, b) in zip(stored.entries, deflated.entries) {
      #expect(try stored.bytes(a, limit: .totalBytes) == deflated.bytes(b, limit: .totalBytes))
    }
  }

  @Test func `an archive that ends early is an error at every length`() throws {
    let whole = try Self.fixture("positional.npz")
    for count in stride(from: 0, to: whole.count, by: 97) {
      #expect(throws: ParseFailure.self) { try Self.archive(Array(whole[..<count])) }
    }
  }

  /// Damaged data fails its checksum or does not inflate.
  @Test(arguments: ["pair.npz", "positional.npz"])
  func `damaged data is never returned`(file: String) throws {
    let whole = try Self.fixture(file)
    let entry = try #require(try Self.archive(whole).entries.first)
    let start = try #require(entry.dataOffset)
    for offset in stride(from: 0, to: entry.packedByteCount, by: max(1, entry.packedByteCount / 60)) {
      var bytes = whole
      bytes[start + offset] ^= 0x10
      let damaged = try Self.archive(bytes)
      #expect(throws: ParseFailure.self, "offset \(offset)") { try damaged.proven(damaged.entries[0]) }
    }
  }
}
