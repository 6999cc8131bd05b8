import PthReader
import SWTBytes
import TestSupport
import Testing

/// Damaged folders are an error, or have the same tensors; never other values.
@Suite struct DistributedDamageTests {
  static let folders = DistributedFixture.all.filter { !$0.name.hasSuffix(".pth") }

  /// Checks that what can still be read is unchanged.
  private func requireSame(
    _ folder: TemporaryFolder, as whole: [String: String?], _ what: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    guard let found = try? digests(folder.path) else { return }
    for (name, digest) in found {
      guard let digest, let expected = whole[name] else { continue }
      #expect(digest == expected, "\(what): \(name)", sourceLocation: sourceLocation)
    }
  }

  /// Ends of the archives in a file.
  private func borders(_ bytes: [UInt8]) -> [Int] {
    let end: [UInt8] = [0x50, 0x4B, 5, 6]
    return bytes.indices.filter { bytes[$0...].starts(with: end) }.map { min($0 + 22, bytes.count) }
  }

  @Test(arguments: folders)
  func `a file cut at any chunk border is an error`(fixture: DistributedFixture) throws {
    for file in try Folder.names(in: fixture.path) {
      let bytes = try readFile("\(fixture.path)/\(file)")
      let cuts = Set(
        borders(bytes).flatMap { [$0 - 1, $0, $0 + 1] } + [0, 1, bytes.count / 2, bytes.count - 1])
      for cut in cuts where cut < bytes.count {
        let folder = try fixture.copy { $0 == file ? Array($1[..<cut]) : $1 }
        #expect(throws: (any Error).self, "\(file) cut at \(cut)") {
          let opened = try PthFile(path: folder.path)
          for tensor in opened.tensors { _ = try opened.bytes(of: tensor) }
        }
      }
    }
  }

  @Test(arguments: folders)
  func `a file that is missing is an error`(fixture: DistributedFixture) throws {
    for file in try Folder.names(in: fixture.path) {
      let folder = try fixture.copy { $0 == file ? nil : $1 }
      #expect(throws: (any Error).self, "without \(file)") {
        try PthFile(path: folder.path)
      }
    }
  }

  @Test(arguments: ["one", "shard0", "shard1"])
  func `a changed byte of the metadata never changes a value`(name: String) throws {
    let fixture = DistributedFixture(name: name, prefix: "model.")
    let whole = try digests(fixture.path)
    let metadata = try readFile("\(fixture.path)/.metadata")
    var random = Noise(seed: 7)
    for _ in 0..<400 {
      let place = Int.random(in: 0..<metadata.count, using: &random)
      let value = UInt8.random(in: 0...255, using: &random)
      let folder = try fixture.copy { file, bytes in
        guard file == ".metadata" else { return bytes }
        var bytes = bytes
        bytes[place] = value
        return bytes
      }
      requireSame(folder, as: whole, "byte \(place) = \(value)")
    }
  }

  @Test(arguments: ["one", "shard0", "shard1"])
  func `a changed byte at a chunk border never changes a value`(name: String) throws {
    let fixture = DistributedFixture(name: name, prefix: "model.")
    let whole = try digests(fixture.path)
    for file in try Folder.names(in: fixture.path) where file.hasSuffix(".distcp") {
      let bytes = try readFile("\(fixture.path)/\(file)")
      for border in borders(bytes) {
        for place in border - 24..<min(border + 48, bytes.count) where place.isMultiple(of: 3) {
          let folder = try fixture.copy { other, contents in
            guard other == file else { return contents }
            var contents = contents
            contents[place] ^= 0x11
            return contents
          }
          requireSame(folder, as: whole, "\(file) at \(place)")
        }
      }
    }
  }

  /// Archives of equal chunks are parsed once and then compared, so a byte of a later one counts as much.
  @Test(arguments: ["one/__0_0.distcp", "shard0/__1_0.distcp", "shard1/__1_0.distcp"])
  func `a changed byte anywhere in an archive never changes a value`(path: String) throws {
    let name = String(path.prefix { $0 != "/" })
    let file = String(path.dropFirst(name.count + 1))
    let fixture = DistributedFixture(name: name, prefix: "model.")
    let whole = try digests(fixture.path)
    for place in stride(from: 0, to: try readFile("\(fixture.path)/\(file)").count, by: 23) {
      let folder = try fixture.copy { other, contents in
        guard other == file else { return contents }
        var contents = contents
        contents[place] ^= 0x10
        return contents
      }
      requireSame(folder, as: whole, "\(file) at \(place)")
    }
  }

  /// Changes of `conv1.weight` in the metadata of shard0: `[2, 3, 3, 3]` in chunks at 0 and at 1. Numbers are
  /// pickled as `K` and a byte, in a mark (`(`) and a tuple (`t`).
  enum ChunkFault: CaseIterable {
    case doubled, missing, outside, rowDoubled, rowElsewhere

    private static func tuple(_ numbers: [UInt8]) -> [UInt8] {
      [0x28] + numbers.flatMap { [0x4B, $0] } + [0x74]
    }

    /// What is replaced by what, and whether that is the last place, which is in the table of files.
    var change: (from: [UInt8], to: [UInt8], isLast: Bool) {
      let second = Self.tuple([1, 0, 0, 0])
      return switch self {
      case .doubled: (second, Self.tuple([0, 0, 0, 0]), false)
      case .missing: (Self.tuple([2, 3, 3, 3]), Self.tuple([3, 3, 3, 3]), false)
      case .outside: (second, Self.tuple([2, 0, 0, 0]), false)
      case .rowDoubled: (second, Self.tuple([0, 0, 0, 0]), true)
      case .rowElsewhere: (second, Self.tuple([1, 0, 0, 1]), true)
      }
    }
  }

  @Test(arguments: ChunkFault.allCases)
  func `a chunk that is missing, doubled or elsewhere is an error that says what to do`(
    fault: ChunkFault
  ) throws {
    let (from, to, isLast) = fault.change
    let folder = try DistributedFixture(name: "shard0", prefix: "model.").copy { file, bytes in
      guard file == ".metadata" else { return bytes }
      let places = bytes.indices.filter { bytes[$0...].starts(with: from) }
      let place = try #require(isLast ? places.last : places.first)
      return Array(bytes[..<place]) + to + Array(bytes[(place + from.count)...])
    }
    let failure = try #require(throws: ParseFailure.self) { try PthFile(path: folder.path) }
    #expect("\(failure)".contains("model.conv1.weight"), "\(failure)")
    #expect("\(failure)".contains("copy the checkpoint again"), "\(failure)")
  }

  /// `uneven.weight` has the shape [5, 3], in chunks at 0 and at 3.
  @Test func `chunks that overlap are an error, with and without a matching table of files`() throws {
    let (from, to): ([UInt8], [UInt8]) = ([0x4B, 3, 0x4B, 0, 0x86], [0x4B, 2, 0x4B, 0, 0x86])
    let shard = DistributedFixture(name: "shard0", prefix: "model.")
    for most in [1, .max] {
      let folder = try shard.copy {
        $0 == ".metadata" ? $1.replacing(from, with: to, maxReplacements: most) : $1
      }
      let failure = try #require(throws: ParseFailure.self) { try PthFile(path: folder.path) }
      #expect("\(failure)".contains("model.uneven.weight"), "\(failure)")
      if most == .max { #expect("\(failure)".contains("overlap"), "\(failure)") }
    }
  }

  @Test func `a path that leaves the folder is refused`() throws {
    let fixture = DistributedFixture(name: "one", prefix: "model.")
    for name in ["../0_0.distcp", "/_0_0.distcp", "..\\_0.distcp"] {
      let folder = try fixture.copy { file, bytes in
        file == ".metadata"
          ? bytes.replacing(Array("__0_0.distcp".utf8), with: Array(name.utf8.prefix(12))) : bytes
      }
      let failure = try #require(throws: ParseFailure.self) { try PthFile(path: folder.path) }
      #expect("\(failure)".contains("is not in the folder of .metadata"), "\(failure)")
    }
  }

  @Test func `two files of one rank are an error, and so is a third`() throws {
    let fixture = DistributedFixture(name: "ranks", prefix: "")
    let first = try readFile("\(fixture.path)/model_rank0.pth")
    let doubled = try fixture.copy { $0 == "model_rank1.pth" ? first : $1 }
    #expect(throws: ParseFailure.self) { try PthFile(path: doubled.path) }
    let third = try fixture.copy { $1 }
    try writeFile(third.file("again.pth"), first)
    #expect(throws: ParseFailure.self) { try PthFile(path: third.path) }
  }

  @Test func `a rank's file among other checkpoints is an input of its own`() throws {
    let folder = try DistributedFixture(name: "ranks", prefix: "").copy { $1 }
    #expect(CheckpointFolder(folder.path) != nil)
    try writeFile(folder.file("other.pth"), readFile(Fixtures.path("checkpoints/bare_tensor.pth")))
    #expect(CheckpointFolder(folder.path) == nil)
  }

  /// Nothing in a shard says how many there are; its running statistics do, because no process splits them.
  @Test func `a shard without others is read only if its statistics prove that it is whole`() throws {
    let whole = try TemporaryFolder()
    let name = "shard-00001-model-00001-of-00001.safetensors"
    try writeFile(whole.file(name), Self.shard(scales: 6, statistics: 6))
    let file = try PthFile(path: whole.path)
    #expect(file.tensors.count == 5 && file["bn1.weight"]?.shape == [6])
    #expect(file.checkpoint.skipped.contains { $0.reason.contains(name) })
    for (scales, statistics) in [(3, 6), (6, nil), (6, 3)] {
      let folder = try TemporaryFolder()
      try writeFile(folder.file(name), Self.shard(scales: scales, statistics: statistics))
      #expect(throws: ParseFailure.self) { try PthFile(path: folder.path) }
    }
    let second = try TemporaryFolder()
    try writeFile(
      second.file("shard-00002-model-00001-of-00001.safetensors"), Self.shard(scales: 6, statistics: 6))
    #expect(throws: ParseFailure.self) { try PthFile(path: second.path) }
  }

  /// What `HuggingFaceStorageWriter(save_distributed=True)` writes for one rank.
  private static func shard(scales: Int, statistics: Int?) -> [UInt8] {
    var rows: [(String, Int)] = [("bn1.weight", scales), ("bn1.bias", scales), ("fc.weight", 4)]
    if let statistics { rows += [("bn1.running_mean", statistics), ("bn1.running_var", statistics)] }
    var (entries, offsets, place) = ([String](), [String](), 0)
    for (name, count) in rows {
      entries.append(
        "\"\(name)\":{\"dtype\":\"F32\",\"shape\":[\(count)],"
          + "\"data_offsets\":[\(place),\(place + 4 * count)]}")
      offsets.append("\\\"\(name)\\\": {\\\"saved_offsets\\\": [0]}")
      place += 4 * count
    }
    let header =
      "{\"__metadata__\":{\"DCP_VERSION\":\"1.0\",\"DCP_SHARDING_INFO\":\"{\(offsets.joined(separator: ", "))}\"},"
      + entries.joined(separator: ",") + "}"
    let size = header.utf8.count
    return (0..<8).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) } + Array(header.utf8)
      + [UInt8](repeating: 1, count: place)
  }

  @Test func `bytes in no chunk are reported`() throws {
    let fixture = DistributedFixture(name: "one", prefix: "model.")
    let folder = try fixture.copy { $0.hasSuffix(".distcp") ? $1 + [1, 2, 3] : $1 }
    try writeFile(folder.file("other.pt"), [0])
    let reasons = try PthFile(path: folder.path).checkpoint.skipped.map(\.reason)
    #expect(reasons.contains { $0.hasPrefix("3 bytes of __0_0.distcp") })
    #expect(reasons.contains("other.pt, which .metadata does not mention"))
  }
}
