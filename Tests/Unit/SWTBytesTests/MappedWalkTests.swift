import SWTBytes
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Passes over mapped files, piece by piece.
@Suite struct MappedWalkTests {
  /// More than two stretches, and not a whole number of pages.
  private static let bytes = (0..<(9 << 20) + 123).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 12) }

  private func file(_ body: (String) throws -> Void) throws {
    let file = try TemporaryFile(Self.bytes)
    try withExtendedLifetime(file) { try body(file.path) }
  }

  @Test(arguments: [1 << 16, 100_003, 1 << 20, 6 << 20])
  func `pieces come in order and whole`(pieceBytes: Int) throws {
    try file { path in
      let part = try SubSource(
        SubSource(FileSource(path: path), at: 7, count: Self.bytes.count - 9), at: 1, count: 8 << 20)
      var walk = try #require(try part.walk(3..<part.byteCount))
      let window = WindowBuffer(capacity: 1)
      var found: [UInt8] = []
      while walk.left > 0 {
        window.removeAll()
        try window.show(&walk, count: pieceBytes)
        found += unsafe window.bytes.withUnsafeBytes { unsafe Array($0) }
      }
      try walk.finish()
      #expect(found == Array(Self.bytes[11..<8 + (8 << 20)]))
    }
  }

  @Test func `a range outside the source is an error`() throws {
    try file { path in
      let part = try SubSource(FileSource(path: path), at: 5, count: 100)
      #expect(throws: ParseFailure.self) { try part.walk(0..<101) }
      #expect(throws: ParseFailure.self) { try part.walk(-1..<5) }
    }
  }

  #if os(Linux)
    /// The tests have no handler for SIGBUS.
    @Test func `a truncated file is an error and not a signal`() throws {
      try file { path in
        let source = try FileSource(path: path)
        var walk = try #require(try source.walk(0..<source.byteCount))
        _ = unsafe try walk.next(1 << 20)
        #expect(unsafe truncate(path, 1 << 20) == 0)
        let failure = #expect(throws: ParseFailure.self) {
          while walk.left > 0 { _ = unsafe try walk.next(1 << 20) }
        }
        #expect(failure?.hint == "the file was truncated while it was read")
      }
    }
  #endif
}
