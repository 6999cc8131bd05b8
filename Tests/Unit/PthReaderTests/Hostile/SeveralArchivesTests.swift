import PthReader
import SWTBytes
import TestSupport
import Testing

/// A file of several zip archives has no one meaning: readers show the first, the last, or fail.
@Suite struct SeveralArchivesTests {
  private static func archive(_ value: UInt8, floats: Int = 4, comment: [UInt8] = []) -> [UInt8] {
    let pickle = PickleBuilder().op(0x28).tensor(count: Int64(floats), size: [Int64(floats)], stride: [1])
      .op(0x74).stop()
    var zip = ZipBuilder()
    zip.add("archive/data.pkl", pickle)
    zip.add("archive/data/0", [UInt8](repeating: value, count: 4 * floats))
    zip.add("archive/version", Array("3\n".utf8))
    return zip.bytes(comment: comment)
  }

  @Test(arguments: [2, 3, 50], [4, 60_000])
  func `archives one after another are refused`(count: Int, floats: Int) throws {
    let bytes = (0..<count).flatMap { Self.archive(UInt8($0), floats: floats) }
    let failure = try #require(throws: ParseFailure.self) {
      try PthFile(MemorySource(bytes), path: "several")
    }
    #expect(failure.hint?.contains(".metadata") == true, "\(failure)")
  }

  @Test func `a second archive that was not finished is refused`() throws {
    let bytes = Self.archive(1) + Self.archive(2).dropLast(30)
    #expect(throws: ParseFailure.self) { try PthFile(MemorySource(bytes), path: "several") }
  }

  @Test func `an archive in the comment of another is refused`() throws {
    let bytes = Self.archive(1, comment: Self.archive(2))
    #expect(throws: ParseFailure.self) { try PthFile(MemorySource(bytes), path: "several") }
  }

  @Test func `other bytes are reported`() throws {
    let after = try PthFile(MemorySource(Self.archive(1) + [1, 2, 3]), path: "after")
    #expect(after.checkpoint.skipped.map(\.reason).contains { $0.hasPrefix("3 bytes at ") })
    var zip = ZipBuilder()
    zip.add(
      "archive/data.pkl", PickleBuilder().op(0x28).tensor(count: 4, size: [4], stride: [1]).op(0x74).stop())
    zip.add(
      "archive/data/0", [UInt8](repeating: 0, count: 16) + [UInt8](repeating: 9, count: 100), claimed: 16)
    zip.add("archive/version", Array("3\n".utf8))
    let inside = try PthFile(MemorySource(zip.bytes()), path: "inside")
    #expect(inside.checkpoint.skipped.map(\.reason).contains { $0.hasPrefix("100 bytes at ") })
  }

  @Test func `nothing is reported for an ordinary archive`() throws {
    #expect(try PthFile(MemorySource(Self.archive(1)), path: "one").checkpoint.skipped.isEmpty)
    #expect(try PthFile(MemorySource(Self.archive(1, comment: [65])), path: "one").checkpoint.skipped.isEmpty)
  }
}
