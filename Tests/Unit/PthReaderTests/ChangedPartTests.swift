import PthReader
import SWTBytes
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Checkpoints of several files, one of which changes after the opening.
@Suite struct ChangedPartTests {
  enum Change: CaseIterable, Sendable {
    case contents, growth, truncation, removal, replacement
  }

  /// A folder of Fixtures that is copied, what is opened in it, and the part that changes.
  struct Form: CustomTestStringConvertible, Sendable {
    let folder: String
    let opened: String?
    let part: String
    var testDescription: String { folder }

    static let all = [
      Form(folder: "distributed/shard0", opened: nil, part: "__1_0.distcp"),
      Form(folder: "distributed/ranks", opened: nil, part: "model_rank1.pth"),
      Form(
        folder: "distributed/hf_shards", opened: nil, part: "shard-00002-model-00001-of-00001.safetensors"),
      Form(
        folder: "forms/sharded_bin", opened: "pytorch_model.bin.index.json",
        part: "pytorch_model-00002-of-00002.bin"),
    ]

    func copy() throws -> (TemporaryFolder, opened: String) {
      let copied = try TemporaryFolder()
      let from = Fixtures.path(folder)
      for file in try Folder.names(in: from) {
        try writeFile(copied.file(file), readFile("\(from)/\(file)"))
      }
      return (copied, opened.map { copied.file($0) } ?? copied.path)
    }
  }

  /// The same bytes again count as a change, too: times tell that the file was written.
  private func apply(_ change: Change, to path: String) throws {
    // Longer than a tick of the file system's clock.
    usleep(20_000)
    let bytes = try readFile(path)
    switch change {
    case .contents: try writeFile(path, bytes)
    case .growth: try writeFile(path, bytes + [0])
    case .truncation: try writeFile(path, Array(bytes.dropLast()))
    case .removal: #expect(unsafe unlink(path) == 0)
    case .replacement:
      try writeFile(path + ".new", bytes)
      #expect(unsafe rename(path + ".new", path) == 0)
    }
  }

  @Test(arguments: Form.all, Change.allCases)
  func `values of a checkpoint with a part that changed are an error that names the part`(
    form: Form, change: Change
  ) throws {
    let (folder, opened) = try form.copy()
    let file = try PthFile(path: opened)
    let tensor = try #require(file.tensors.first { !$0.isMeta && $0.byteCount > 0 })
    _ = try file.bytes(of: tensor)
    try file.requireUnchanged()
    try apply(change, to: folder.file(form.part))
    #expect(throws: ParseFailure.self) { try file.bytes(of: tensor) }
    let failure = #expect(throws: ParseFailure.self) { try file.requireUnchanged() }
    #expect("\(try #require(failure))".contains(form.part))
  }

  @Test(arguments: Form.all)
  func `all tensors of an unchanged checkpoint are read`(form: Form) throws {
    let (folder, opened) = try form.copy()
    let file = try PthFile(path: opened)
    for tensor in file.tensors where !tensor.isMeta { _ = try file.bytes(of: tensor) }
    try file.requireUnchanged()
    withExtendedLifetime(folder) {}
  }
}
