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

  /// Directory and headers are read in pieces; entries of all sizes cross their borders.
  @Test func `a directory longer than one piece is read alike, and finds all data`() throws {
    let contents = (0..<3000).map { index in
      [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: [1, 90, 700, 0, 5000][index % 5])
    }
    let bytes = Self.stored(contents)
    let archive = try ZipDirectory(withoutLibzip: MemorySource(bytes), limits: ParseLimits())
    #expect(archive.entries.count == contents.count)
    for (entry, content) in zip(archive.entries, contents) {
      guard let offset = entry.dataOffset else {
        #expect(content.isEmpty)
        continue
      }
      #expect(Array(bytes[offset..<offset + entry.byteCount]) == content, "\(entry.name)")
    }
    #expect(Self.entries(bytes, own: true) == Self.entries(bytes, own: false))
  }

  /// An archive of uncompressed entries, whose names have different lengths.
  private static func stored(_ contents: [[UInt8]]) -> [UInt8] {
    func little(_ value: Int, _ size: Int) -> [UInt8] { (0..<size).map { UInt8(value >> (8 * $0) & 0xFF) } }
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for (index, content) in contents.enumerated() {
      let name = Array("\(String(repeating: "n", count: index % 40))\(index)".utf8)
      // Flags, method, time, date, CRC-32, both sizes, lengths of the name and of the extra fields.
      let common =
        little(0, 8) + little(0, 4) + little(content.count, 4) + little(content.count, 4)
        + little(name.count, 2) + little(0, 2)
      directory +=
        FileMagic.zipDirectory + little(20, 2) + little(20, 2) + common + little(0, 10)
        + little(file.count, 4) + name
      file += FileMagic.zip + little(20, 2) + common + name + content
    }
    let end =
      FileMagic.emptyZip + little(0, 4) + little(contents.count, 2) + little(contents.count, 2)
      + little(directory.count, 4) + little(file.count, 4) + little(0, 2)
    return file + directory + end
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
