import PthReader
import SWTBytes
import TestSupport
import Testing

/// Archives whose directory, headers and data disagree.
@Suite struct HostileZipTests {
  private static let pickle = PickleBuilder().tensor(count: 4, size: [4], stride: [1]).stop()
  private static let zeros = [UInt8](repeating: 0, count: 16)

  private func read(_ bytes: [UInt8]) throws -> Checkpoint { try CheckpointReader.read(MemorySource(bytes)) }

  struct Archive: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    init(
      _ description: String, _ build: (inout ZipBuilder) -> Void,
      _ finish: (ZipBuilder) -> [UInt8] = { $0.bytes() }
    ) {
      var zip = ZipBuilder()
      build(&zip)
      testDescription = description
      bytes = finish(zip)
    }
  }

  private static func honest(_ zip: inout ZipBuilder) {
    zip.add("a/data.pkl", pickle)
    zip.add("a/data/0", zeros)
  }

  static let refused: [Archive] = [
    // 18. The end of the directory.
    Archive("a directory after the end of the file", honest, { $0.bytes(directoryOffset: 1 << 30) }),
    Archive("sixty thousand missing entries", honest, { $0.bytes(entries: 60_000) }),
    Archive("no end record of the directory", honest, { Array($0.bytes().dropLast(22)) }),
    // 19. Headers.
    Archive("an encrypted entry") { zip in
      zip.add("a/data.pkl", pickle, flags: 1)
      zip.add("a/data/0", zeros)
    },
    Archive("two pickles at one depth") { zip in
      zip.add("a/data.pkl", pickle)
      zip.add("b/data.pkl", pickle)
    },
    // 20. Compression.
    Archive("unknown compression") { zip in zip.add("a/data.pkl", pickle, method: 12) },
    Archive("invalid deflated data") { zip in
      zip.add("a/data.pkl", [0xFF, 0xFF, 0xFF], unpacked: 100, method: 8)
    },
    Archive("a deflated entry without data") { zip in zip.add("a/data.pkl", [], unpacked: 100, method: 8) },
    Archive("a deflated entry longer than stated") { zip in
      // An uncompressed deflate block of four bytes, with two stated.
      zip.add("a/data.pkl", [1, 4, 0, 0xFB, 0xFF, 0x4E, 0x4E, 0x4E, 0x2E], unpacked: 2, method: 8)
    },
    Archive("a deflated entry shorter than stated") { zip in
      zip.add("a/data.pkl", [1, 2, 0, 0xFD, 0xFF, 0x4E, 0x2E], unpacked: 3, method: 8)
    },
    Archive("a deflated entry without an end") { zip in
      zip.add("a/data.pkl", [0, 2, 0, 0xFD, 0xFF, 0x4E, 0x2E], unpacked: 3, method: 8)
    },
    // 21. Sizes.
    Archive("a stored entry with two sizes") { zip in
      zip.add("a/data.pkl", pickle, unpacked: pickle.count + 1)
    },
    Archive("data that overlaps the directory") { zip in
      zip.add("a/data.pkl", pickle, claimed: pickle.count + 40)
    },
    Archive("a header after the end of the file") { zip in zip.add("a/data.pkl", pickle, at: 1 << 20) },
    // 22. Records.
    Archive("a pickle with a wrong CRC") { zip in zip.add("a/data.pkl", pickle, crc: 1) },
    Archive("version 99") { zip in
      honest(&zip)
      zip.add("a/version", Array("99\n".utf8))
    },
    Archive("version -1") { zip in
      honest(&zip)
      zip.add("a/version", Array("-1\n".utf8))
    },
    Archive("a version of a kilobyte") { zip in
      honest(&zip)
      zip.add("a/version", [UInt8](repeating: 0x33, count: 1024))
    },
    Archive("byte order foo") { zip in
      honest(&zip)
      zip.add("a/byteorder", Array("foo".utf8))
    },
    Archive("byte order with a newline") { zip in
      honest(&zip)
      zip.add("a/byteorder", Array("little\n".utf8))
    },
    Archive("a missing storage") { zip in zip.add("a/data.pkl", pickle) },
  ]

  @Test(arguments: refused)
  func `an archive that lies is one error`(archive: Archive) throws {
    let failure = try #require(throws: ParseFailure.self) { try read(archive.bytes) }
    #expect(!failure.description.isEmpty)
  }

  @Test func `a comment that looks like the end of the directory is a comment`() throws {
    var zip = ZipBuilder()
    Self.honest(&zip)
    let fake: [UInt8] = [0x50, 0x4B, 5, 6] + [UInt8](repeating: 0, count: 18)
    // Either directory may be used, but never a mixture.
    let checkpoint = try? read(zip.bytes(comment: fake + [1, 2, 3]))
    #expect(checkpoint == nil || checkpoint?.tensors.count == 1)
  }

  @Test func `odd extra fields are skipped`() throws {
    var zip = ZipBuilder()
    zip.add("a/data.pkl", Self.pickle, extra: [0x46, 0x42, 0xFF, 0xFF, 0x5A])
    zip.add("a/data/0", Self.zeros, extra: [UInt8](repeating: 0x5A, count: 5000))
    let checkpoint = try? read(zip.bytes())
    #expect(checkpoint == nil || checkpoint?.tensors.first?.byteCount == 16)
  }

  @Test func `folders named like records are folders`() throws {
    var zip = ZipBuilder()
    zip.add("a/data/0/", [])
    Self.honest(&zip)
    #expect(try read(zip.bytes()).tensors.count == 1)
  }

  @Test func `the first generation of torch.export contains complete files`() throws {
    let state = PickleBuilder().op(0x7D).text("w").tensor(count: 4, size: [2, 2], stride: [2, 1]).op(0x73)
      .stop()
    var zip = ZipBuilder()
    zip.add("serialized_exported_program.json", Array("{}".utf8))
    zip.add("serialized_state_dict.pt", ZipBuilder.checkpoint(state))
    zip.add("serialized_constants.pt", ZipBuilder.checkpoint(state))
    zip.add("version", Array("2.1".utf8))
    let checkpoint = try read(zip.bytes())
    #expect(checkpoint.container == .pt2)
    #expect(checkpoint.tensors.map(\.name) == ["w", "<constants>.w"])
  }

  @Test func `data and constants of TorchScript are kept apart`() throws {
    let constants = PickleBuilder().tensor(count: 4, size: [4], stride: [1]).op(0x85).stop()
    var zip = ZipBuilder()
    zip.add("a/data.pkl", Self.pickle)
    zip.add("a/data/0", Self.zeros)
    zip.add("a/constants.pkl", constants)
    zip.add("a/constants/0", [UInt8](repeating: 7, count: 16))
    let checkpoint = try read(zip.bytes())
    #expect(checkpoint.container == .torchscript)
    #expect(try checkpoint.tensors.map { try $0.values().first } == [0, 7])
    #expect(checkpoint.tensors.last?.name == "<constants>.0")
  }
}
