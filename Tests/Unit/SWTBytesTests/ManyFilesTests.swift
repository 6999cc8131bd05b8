import SWTBytes
import TestSupport
import Testing

/// Sources made of several files.
@Suite struct ManyFilesTests {
  @Test func `more files than stay open are read like one that does`() throws {
    let folder = try TemporaryFolder()
    let pool = FilePool()
    var files: [PooledFile] = []
    for index in 0..<200 {
      try writeFile(folder.file("\(index)"), [UInt8(index), 1, 2])
      files.append(try pool.add(folder.file("\(index)")))
    }
    for _ in 0..<2 {
      for (index, file) in files.enumerated() {
        #expect(try file.bytes(at: 0, count: 3) == [UInt8(index), 1, 2])
      }
    }
    #expect(throws: ParseFailure.self) { try files[0].bytes(at: 2, count: 2) }
  }

  @Test func `a file that was replaced meanwhile is an error`() throws {
    let folder = try TemporaryFolder()
    let pool = FilePool()
    try writeFile(folder.file("first"), [1, 2])
    let first = try pool.add(folder.file("first"))
    for index in 0..<100 {
      try writeFile(folder.file("\(index)"), [0])
      _ = try pool.add(folder.file("\(index)"))
    }
    // The first file is closed by now, and its name is given to another one.
    try writeFile(folder.file("first"), [1, 2, 3])
    #expect(throws: ParseFailure.self) { try first.bytes(at: 0, count: 1) }
  }

  @Test func `joined sources are one`() throws {
    let joined = JoinedSource([
      MemorySource([0, 1]), MemorySource([]), MemorySource([2]), MemorySource([3, 4, 5]),
    ])
    #expect(joined.byteCount == 6)
    for start in 0...6 {
      for end in start...6 {
        #expect(try joined.bytes(at: start, count: end - start) == (start..<end).map { UInt8($0) })
      }
    }
    #expect(throws: ParseFailure.self) { try joined.bytes(at: 5, count: 2) }
    #expect(JoinedSource([]).byteCount == 0)
  }

  @Test(arguments: ["", ".", "..", "a/b", "/a", "..\\a", "a\0b"])
  func `a path is not the name of a file beside`(text: String) { #expect(!Folder.isName(text)) }

  @Test(arguments: ["a", "__0_0.distcp", "...", "a b"])
  func `a name is`(text: String) { #expect(Folder.isName(text)) }
}
