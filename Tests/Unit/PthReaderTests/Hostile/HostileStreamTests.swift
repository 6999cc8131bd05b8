import PthReader
import SWTBytes
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// Legacy streams, tar archives, indexes of shards and gzip files that lie.
@Suite struct HostileStreamTests {
  private func read(_ bytes: [UInt8]) throws -> Checkpoint { try CheckpointReader.read(MemorySource(bytes)) }

  private static let magic: [UInt8] =
    [0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E]
    + [0x80, 2, 0x4D, 0xE9, 3, 0x2E] + [0x80, 2, 0x7D, 0x2E]

  private static func legacy(keys: PickleBuilder, count: UInt64 = 4, data: Int = 16) -> [UInt8] {
    let object = PickleBuilder().global("torch._utils", "_rebuild_tensor_v2").op(0x28).op(0x28).text(
      "storage"
    )
    .global("torch", "FloatStorage").text("0").text("cpu").int(4).op(0x4E).op(0x74).op(0x51).int(0).tuple([4])
    .tuple([1]).op(0x89).op(0x4E).op(0x74).op(0x52).stop()
    return magic + object + keys.stop() + (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
      + [UInt8](repeating: 0, count: data)
  }

  private static var list: PickleBuilder { PickleBuilder().op(0x5D) }

  @Test func `an honest stream is read`() throws {
    let checkpoint = try read(Self.legacy(keys: Self.list.text("0").op(0x61)))
    #expect(checkpoint.container == .legacy)
    #expect(checkpoint.tensors.map(\.shape) == [[4]])
  }

  struct Stream: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    init(_ description: String, _ bytes: [UInt8]) { (testDescription, self.bytes) = (description, bytes) }
  }

  static let refused: [Stream] = [
    // 23. Legacy.
    Stream("an unused key", legacy(keys: list.text("9").op(0x61))),
    Stream("a key twice", legacy(keys: list.text("0").op(0x61).text("0").op(0x61), data: 40)),
    Stream("no keys", legacy(keys: list)),
    Stream("a key that is a list", legacy(keys: list.op(0x5D).op(0x61))),
    Stream("keys that are a dict", legacy(keys: PickleBuilder().op(0x7D))),
    Stream("a count that differs from the pickle's", legacy(keys: list.text("0").op(0x61), count: 5)),
    Stream("a count of 2^64 - 1", legacy(keys: list.text("0").op(0x61), count: .max)),
    Stream("data that ends early", legacy(keys: list.text("0").op(0x61), data: 15)),
    Stream("protocol version 1002", [UInt8](magic[..<15]) + [0x80, 2, 0x4D, 0xEA, 3, 0x2E]),
    // 24. Tar.
    Stream("a tar size that is not octal", tar { $0[124] = 0x39 }),
    Stream("a tar size after the end", tar { $0.replaceSubrange(124..<135, with: "77777777777".utf8) }),
    Stream("a negative base-256 size", tar { $0[124] = 0xFF }),
    Stream("a sparse tar member", tar { $0[156] = UInt8(ascii: "S") }),
    Stream("a tar archive of something else", tar { _ in }),
    // Gzip.
    Stream("gzip with garbage", [0x1F, 0x8B, 8, 0] + [UInt8](repeating: 0xFF, count: 40)),
    Stream("gzip that ends early", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]),
    // Safetensors.
    Stream("a header of 2^63 bytes", [0, 0, 0, 0, 0, 0, 0, 0x80, 0x7B]),
    Stream(
      "overlapping tensors",
      safetensors(
        #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#,
        3)),
    Stream(
      "bytes of no tensor", safetensors(#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, 3)),
    Stream(
      "a name twice",
      safetensors(
        #"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#,
        0)),
  ]

  private static func safetensors(_ header: String, _ data: Int) -> [UInt8] {
    let count = UInt64(header.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) } + Array(header.utf8)
      + [UInt8](repeating: 0, count: data)
  }

  /// One member "pickle" of 16 bytes; its checksum is updated after `change`.
  private static func tar(_ change: (inout [UInt8]) -> Void) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 512)
    header.replaceSubrange(0..<6, with: "pickle".utf8)
    header.replaceSubrange(124..<135, with: "00000000020".utf8)
    header[156] = 0x30
    header.replaceSubrange(257..<262, with: "ustar".utf8)
    change(&header)
    let sum = header.enumerated().reduce(8 * 32) { (148..<156).contains($1.0) ? $0 : $0 + Int($1.1) }
    let octal = String(sum, radix: 8)
    let digits = String(repeating: "0", count: 6 - octal.count) + octal
    header.replaceSubrange(148..<154, with: digits.utf8)
    return header + [UInt8](repeating: 0, count: 512) + [UInt8](repeating: 0, count: 1024)
  }

  @Test(arguments: refused)
  func `a stream that lies is one error`(stream: Stream) throws {
    let failure = try #require(throws: ParseFailure.self) { try read(stream.bytes) }
    #expect(!failure.description.isEmpty)
  }

  @Test func `a safetensors header of 123 bytes is not taken for JSON`() throws {
    // Its length starts with the byte of an opening brace.
    let head = #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}"#
    let header = head + String(repeating: " ", count: 122 - head.utf8.count) + "}"
    let file = try TemporaryFile(Self.safetensors(header, 1), name: "x.safetensors")
    #expect(try CheckpointReader.open(path: file.path).tensors.map(\.name) == ["a"])
  }

  @Test func `a tar header with a wrong checksum is not a tar archive`() {
    var bytes = Self.tar { _ in }
    bytes[0] ^= 1
    #expect(throws: ParseFailure.self) { try read(bytes) }
  }

  @Test func `data after the first checkpoint is reported`() throws {
    let one = Self.legacy(keys: Self.list.text("0").op(0x61))
    let checkpoint = try read(one + one)
    #expect(checkpoint.tensors.count == 1)
    #expect(checkpoint.skipped.first?.reason.contains("another checkpoint") == true)
  }

  @Test(arguments: ["../secret", "/etc/passwd", "a/b", "..", "", "missing.bin"])
  func `an index of shards cannot name files in other folders`(name: String) throws {
    let file = try TemporaryFile(Array(#"{"weight_map":{"w":"\#(name)"}}"#.utf8), name: "x.index.json")
    let failure = try #require(throws: ParseFailure.self) { try CheckpointReader.open(path: file.path) }
    #expect(failure.description.contains("shard"))
  }

  @Test func `a file that shrinks while it is read is an error, and one that grows reads as before`() throws {
    let whole = try readFile(Fixtures.path("forms/views.pt"))
    let file = try TemporaryFile(whole, name: "views.pt")
    let checkpoint = try CheckpointReader.open(path: file.path)
    let tensor = try #require(checkpoint.tensors.first { $0.name == "transposed" })
    let values = try tensor.values()
    // In place: the reader has the same file open.
    #expect(unsafe truncate(file.path, off_t(whole.count + 4096)) == 0)
    #expect(try tensor.values() == values)
    #expect(unsafe truncate(file.path, 100) == 0)
    let failure = try #require(throws: ParseFailure.self) { try tensor.values() }
    #expect(failure.hint?.contains("truncated") == true)
  }

  @Test func `a shard without a tensor that the index lists is an error`() throws {
    let folder = try TemporaryFolder()
    try writeFile(folder.file("s.bin"), ZipBuilder.checkpoint(PickleBuilder().op(0x7D).stop()))
    try writeFile(folder.file("i.json"), Array(#"{"weight_map":{"w":"s.bin"}}"#.utf8))
    let failure = try #require(throws: ParseFailure.self) {
      try CheckpointReader.open(path: folder.file("i.json"))
    }
    #expect(failure.description.contains("does not contain w"))
  }
}
