import SWT
import SWTBytes
import SWTChecksums
import SWTDigests
import TestSupport
import Testing

@Suite struct SWTMetadataEditTests {
  private let folder: TemporaryFolder
  private let path: String

  init() throws {
    folder = try TemporaryFolder()
    path = folder.file("a.swt")
  }

  /// Every section, aliases, quantized tensors, empty tensors, golden sets, every type of metadata.
  @Test func `an edit of a file with everything gives what the writer makes`() throws {
    var sample = Sample.everything()
    try sample.write(to: path)
    var edit = try SWTMetadataEdit(path: path)
    for (key, value) in [
      ("a.first", SWTValue.text("")), ("zz", .bytes([1, 2])), ("a.int", .integer(6)), ("b", .doubles([1])),
    ] {
      sample.contents.metadata[key] = value
      edit.metadata[key] = value
    }
    sample.contents.metadata["a.json"] = nil
    edit.metadata["a.json"] = nil
    let result = try edit.write(to: path, digests: SystemDigests())
    #expect(try readFile(path) == sample.bytes())
    let file = try SWTFile(path: path)
    #expect(file.contentID(using: SystemDigests()) == result.contentID)
    #expect(result.byteCount == file.byteCount && result.aliasCount == 1)
    #expect(throws: Never.self) { try file.verify(using: SystemDigests()) }
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func `an edit of any file gives what the writer makes`(seed: UInt64) throws {
    var sample = Sample.random(seed)
    try sample.write(to: path)
    var noise = Noise(seed: seed)
    for size in [10, 100_000, 0] {
      let value = SWTValue.bytes(noise.bytes(size))
      sample.contents.metadata["x.noise"] = value
      var edit = try SWTMetadataEdit(path: path)
      edit.metadata["x.noise"] = value
      try _ = edit.write(to: path, digests: SystemDigests())
      #expect(try readFile(path) == sample.bytes(), "seed \(seed), size \(size)")
    }
  }

  /// Two tensors with equal bytes that are stored twice, because their digests were not known in advance.
  @Test func `bytes that were stored twice stay stored twice`() throws {
    var sample = Sample()
    sample.add("a", .u8, [3], [1, 2, 3])
    sample.add("b", .u8, [3], [1, 2, 3])
    for index in 0..<2 { sample.contents.tensors[index].sha256 = nil }
    try sample.write(to: path)
    var edit = try SWTMetadataEdit(path: path)
    sample.contents.metadata["x"] = .text("y")
    edit.metadata["x"] = .text("y")
    try _ = edit.write(to: path, digests: SystemDigests())
    #expect(try readFile(path) == sample.bytes())
    #expect(try SWTFile(path: path).tensors.allSatisfy { $0.aliasOf == nil })
  }

  /// Updates the checksum of header and section table.
  private func sealed(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    let count = Int(bytes[36])
    let crc = CRC32C.checksum(Array(bytes[..<60] + bytes[64..<64 + 32 * count]))
    for i in 0..<4 { bytes[60 + i] = UInt8(truncatingIfNeeded: crc >> UInt32(8 * i)) }
    return bytes
  }

  private func expectForeign(_ bytes: [UInt8], _ says: String) throws {
    try writeFile(path, bytes)
    #expect(throws: Never.self) { try SWTFile(path: path) }
    do throws(SWTEditError) {
      _ = try SWTMetadataEdit(path: path)
      Issue.record("accepted")
    } catch {
      guard case .foreign(let text) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(text.contains(says), "\(text)")
    }
  }

  @Test func `a file with something that a new index would lose is refused`() throws {
    let bytes = try Sample.everything().bytes()
    var newer = bytes
    newer[10] = 1
    try expectForeign(sealed(newer), "version 1.1")
    var optional = bytes
    optional[48] = 1
    try expectForeign(sealed(optional), "its layout is not")
    // ERRS renamed to an unknown kind that a reader may skip.
    var unknown = bytes
    let receipts = try #require(
      (0..<Int(bytes[36])).first { bytes[(64 + 32 * $0)..<(68 + 32 * $0)].elementsEqual("ERRS".utf8) })
    unknown.replaceSubrange((64 + 32 * receipts)..<(68 + 32 * receipts), with: Array("NEWS".utf8))
    try expectForeign(sealed(unknown), "NEWS")
    let digests = try #require(
      (0..<Int(bytes[36])).first { bytes[(64 + 32 * $0)..<(68 + 32 * $0)].elementsEqual("DGST".utf8) })
    var without = bytes
    without.replaceSubrange((64 + 32 * digests)..<(68 + 32 * digests), with: Array("NEWS".utf8))
    try expectForeign(sealed(without), "NEWS")
  }

  @Test func `a file that changes during the edit is not passed on`() throws {
    let sample = Sample.everything()
    try sample.write(to: path)
    var edit = try SWTMetadataEdit(path: path)
    edit.metadata["x"] = .text("y")
    var bytes = try readFile(path)
    let info = try #require(edit.file.tensors.first)
    bytes[info.dataOffset] ^= 1
    try writeFile(path, bytes)
    #expect(throws: SWTEditError.self) { try edit.write(to: path, digests: SystemDigests()) }
    #expect(try readFile(path) == bytes)
    try writeFile(path, Array(bytes[..<100]))
    #expect(throws: SWTEditError.self) { try edit.write(to: path, digests: SystemDigests()) }
    #expect(try readFile(path).count == 100)
    #expect(try folder.names() == ["a.swt"])
  }

  @Test func `invalid metadata leaves the old file unchanged`() throws {
    try Sample.everything().write(to: path)
    let before = try readFile(path)
    var edit = try SWTMetadataEdit(path: path)
    edit.metadata["Upper"] = .text("")
    #expect(throws: SWTEditError.self) { try edit.write(to: path, digests: SystemDigests()) }
    edit.metadata["Upper"] = nil
    #expect(throws: SWTEditError.output(WriteFailure(.exists, path: path))) {
      try edit.write(to: path, digests: SystemDigests(), replaceExisting: false)
    }
    #expect(try readFile(path) == before)
    #expect(try folder.names() == ["a.swt"])
  }
}
