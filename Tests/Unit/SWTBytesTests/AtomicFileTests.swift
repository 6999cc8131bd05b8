import SWTBytes
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

@Suite struct AtomicFileTests {
  private func mode(_ path: String) -> mode_t {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
  }

  private func names(_ folder: String) -> [String] {
    guard let handle = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(handle) }
    var names: [String] = []
    while let entry = unsafe readdir(handle) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { raw in
        unsafe String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  @Test func `a committed file has its bytes and the mode of the umask`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("out")
    let file = try AtomicFile(path: path)
    try file.write([1, 2, 3])
    try file.write([9], at: 0)
    try file.write([4])
    try file.commit()
    #expect(try readFile(path) == [9, 2, 3, 4])
    try writeFile(folder.file("plain"), [])
    #expect(mode(path) == mode(folder.file("plain")))
    #expect(names(folder.path) == ["out", "plain"])
  }

  @Test func `a replaced file keeps its mode`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("out")
    try writeFile(path, [1])
    #expect(unsafe chmod(path, 0o640) == 0)
    let file = try AtomicFile(path: path)
    try file.write([2])
    #expect(try readFile(path) == [1])
    try file.commit()
    #expect(try readFile(path) == [2])
    #expect(mode(path) == 0o640)
  }

  @Test func `an abandoned file leaves nothing`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("out")
    try writeFile(path, [1])
    do {
      let file = try AtomicFile(path: path)
      try file.write([2])
      #expect(names(folder.path).count == 2)
    }
    #expect(names(folder.path) == ["out"])
    #expect(try readFile(path) == [1])
  }

  @Test func `an existing file is refused if asked, even one that appears meanwhile`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("out")
    let file = try AtomicFile(path: path, replaceExisting: false)
    try writeFile(path, [1])
    #expect(throws: WriteFailure(.exists, path: path)) { try file.commit() }
    #expect(throws: WriteFailure(.exists, path: path)) { try AtomicFile(path: path, replaceExisting: false) }
    #expect(try readFile(path) == [1])
    #expect(throws: WriteFailure(.notRegular, path: folder.path)) { try AtomicFile(path: folder.path) }
  }

  @Test(arguments: [true, false])
  func `a link stays a link`(targetExists: Bool) throws {
    let folder = try TemporaryFolder()
    if targetExists { try writeFile(folder.file("real"), [1]) }
    #expect(unsafe symlink("real", folder.file("link")) == 0)
    let file = try AtomicFile(path: folder.file("link"))
    try file.write([2])
    try file.commit()
    #expect(try readFile(folder.file("real")) == [2])
    var status = stat()
    #expect(unsafe lstat(folder.file("link"), &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
    #expect(names(folder.path) == ["link", "real"])
  }

  @Test(arguments: [0, 1, 4096, 3_000_000])
  func `a range of another file is copied`(count: Int) throws {
    let folder = try TemporaryFolder()
    var noise = Noise(seed: 1)
    let bytes = noise.bytes(count + 10)
    try writeFile(folder.file("source"), bytes)
    let source = try FileSource(path: folder.file("source"))
    let file = try AtomicFile(path: folder.file("out"))
    try file.write([1, 2, 3])
    try file.copy(source, 7..<(count + 7), to: 3)
    try file.commit()
    #expect(try readFile(folder.file("out")) == [1, 2, 3] + bytes[7..<(count + 7)])
    #expect(throws: CopyFailure.self) {
      try AtomicFile(path: folder.file("other")).copy(source, 7..<(count + 11), to: 0)
    }
  }

  @Test(.enabled(if: unsafe access("/dev/shm", W_OK) == 0))
  func `a copy may cross file systems`() throws {
    let source = try FileSource(path: Fixtures.path("README.md"))
    let path = "/dev/shm/pth2swt-test-\(UInt64.random(in: 0...UInt64.max))"
    defer { unsafe unlink(path) }
    let file = try AtomicFile(path: path)
    try file.copy(source, 0..<source.byteCount, to: 0)
    try file.commit()
    #expect(try readFile(path) == readFile(Fixtures.path("README.md")))
  }

  @Test func `a mapping survives the replacement of its file`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("out")
    try writeFile(path, [UInt8](repeating: 7, count: 5000))
    let mapped = try MappedFile(path: path)
    let file = try AtomicFile(path: path)
    try file.write([1])
    try file.commit()
    mapped.advise(.willNeed)
    #expect(unsafe mapped.buffer.allSatisfy { $0 == 7 })
    #expect(mapped.byteCount == 5000 && mapped.bytes.byteCount == 5000)
    mapped.advise(.release, 4096..<5000)
    #expect(try MappedFile(path: path).byteCount == 1)
  }

  @Test func `only regular files are mapped`() throws {
    let folder = try TemporaryFolder()
    #expect(throws: ParseFailure.self) { try MappedFile(path: folder.path) }
    #expect(throws: ParseFailure.self) { try MappedFile(path: "/dev/zero") }
    #expect(throws: ParseFailure(.system(SystemFailure(call: "open", code: ENOENT)))) {
      try MappedFile(path: folder.file("none"))
    }
    try writeFile(folder.file("empty"), [])
    #expect(try MappedFile(path: folder.file("empty")).byteCount == 0)
  }
}
