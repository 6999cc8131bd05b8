import SWTBytes
import TestSupport
import Testing

@Suite struct ByteReaderTests {
  struct Truncation: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var bytes: [UInt8]
    var failsAt: Int
    var needed: Int
    var available: Int
  }

  @Test(arguments: [
    Truncation(testDescription: "empty input", bytes: [], failsAt: 0, needed: 4, available: 0),
    Truncation(testDescription: "one byte short", bytes: [1, 0, 0], failsAt: 0, needed: 4, available: 3),
    Truncation(
      testDescription: "second word cut", bytes: [1, 0, 0, 0, 9], failsAt: 4, needed: 4, available: 1),
  ])
  func `truncation names the first unreadable byte`(_ c: Truncation) throws {
    let failure = try #require(throws: ParseFailure.self) {
      var reader = ByteReader(c.bytes)
      while true { _ = try reader.read(UInt32.self) }
    }
    #expect(failure == ParseFailure(.truncated(needed: c.needed, available: c.available), at: c.failsAt))
  }

  @Test(arguments: 0..<12)
  func `every proper prefix is rejected`(length: Int) {
    #expect(throws: ParseFailure.self) {
      var reader = ByteReader([UInt8](repeating: 7, count: length))
      _ = try reader.read(UInt32.self)
      _ = try reader.read(UInt64.self)
    }
  }

  @Test func `a window does not show its surroundings and keeps the file's offsets`() throws {
    let source = MemorySource([1, 2, 3, 4, 5])
    var reader = try ByteReader(source, 1..<3)
    #expect(try reader.read(UInt16.self) == 0x0302)
    let failure = try #require(throws: ParseFailure.self) { _ = try reader.byte() }
    #expect(failure.offset == 3)
    #expect(throws: ParseFailure.self) { _ = try reader.bytes(Int.max) }
    #expect(throws: ParseFailure.self) { _ = try reader.bytes(-1) }
    #expect(throws: ParseFailure.self) { _ = try ByteReader(source, 2..<6) }
  }

  @Test func `values across the end of the buffer are complete`() throws {
    let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let path = try TemporaryFile(bytes)
    var reader = try ByteReader(FileSource(path: path.path))
    try reader.skip(65_533)
    #expect(try reader.read(UInt64.self).littleEndianBytes == Array(bytes[65_533..<65_541]))
    #expect(try reader.bytes(100_000) == Array(bytes[65_541..<165_541]))
    #expect(try reader.byte() == bytes[165_541])
  }

  @Test(arguments: ["/", "/dev/zero", "/nowhere/at/all"])
  func `what is not a regular file is refused`(path: String) {
    #expect(throws: ParseFailure.self) { try FileSource(path: path) }
  }
}

extension UInt64 {
  fileprivate var littleEndianBytes: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: self >> (8 * $0)) } }
}
