import SWTArchives
import SWTBytes
import TestSupport
import Testing

/// libzip and this package's own reader of directories, on the same files.
@Suite struct ZipReaderTests {
  /// What a reader finds: everything about each entry, or nothing if it refuses.
  private static func entries(_ bytes: [UInt8], own: Bool) -> [String]? {
    let source = MemorySource(bytes)
    let directory =
      own
      ? try? ZipDirectory(withoutLibzip: source, limits: ParseLimits())
      : try? ZipDirectory(source, limits: ParseLimits())
    return directory?.entries.map { "\($0)" }
  }

  /// Every archive among the fixtures.
  static let archives = Fixtures.files.filter { path in
    (try? readFile(path))?.starts(with: FileMagic.zip) == true
  }

  @Test func `there are archives of PyTorch, NumPy and other writers`() {
    #expect(Self.archives.count > 40)
  }

  @Test(arguments: archives)
  func `both readers find the same entries`(path: String) throws {
    let bytes = try readFile(path)
    #expect(Self.entries(bytes, own: true) == Self.entries(bytes, own: false))
  }

  /// A damaged directory may be refused by one of the two, but not be read differently.
  @Test(arguments: ["imports/pair.npz", "imports/positional.npz", "checkpoints/bare_tensor.pth"])
  func `of a damaged directory, both find the same entries or one refuses it`(file: String) throws {
    let whole = try readFile(Fixtures.path(file))
    let start = try #require(
      whole.indices.first { whole[$0...].starts(with: FileMagic.zipDirectory) })
    var isRead = 0
    for offset in start..<whole.count {
      for flip: UInt8 in [0x01, 0x80, 0xFF] {
        var bytes = whole
        bytes[offset] ^= flip
        if let own = Self.entries(bytes, own: true), let other = Self.entries(bytes, own: false) {
          isRead += 1
          #expect(own == other, "byte \(offset), flip \(flip)")
        }
      }
    }
    // Times, versions and attributes do not matter.
    #expect(isRead > 50)
  }

  /// Records as libzip shows them: names in code page 437, numbers of zip64.
  @Test func `names in the old code page and numbers in zip64 fields are read alike`() throws {
    let bytes = try readFile(Fixtures.path("imports/old_names_zip64.zip"))
    let entries = try ZipDirectory(withoutLibzip: MemorySource(bytes), limits: ParseLimits()).entries
    #expect(entries.map(\.name) == ["Ümläut ½.npy", "größe.npy", "wide.npy"])
    #expect(entries.map(\.byteCount) == [3, 4, 5])
    #expect(Self.entries(bytes, own: true) == Self.entries(bytes, own: false))
  }

  @Test(arguments: [
    ("a control character in a name", 46, 0x07), ("an extra field that is too long", 30, 0xFF),
    ("no record", 0, 0x00), ("a long comment", 32, 0xFF),
  ])
  func `a record that is damaged is an error of the own reader`(what: String, at: Int, value: UInt8) throws {
    var bytes = try readFile(Fixtures.path("imports/pair.npz"))
    let start = try #require(
      bytes.indices.first { bytes[$0...].starts(with: FileMagic.zipDirectory) })
    bytes[start + at] = value
    #expect(throws: ParseFailure.self, "\(what)") {
      try ZipDirectory(withoutLibzip: MemorySource(bytes), limits: ParseLimits())
    }
  }
}
