import SWTBytes
import SWTCommands
internal import SWTConsole
import TestSupport
import Testing

/// Parts of one checkpoint that different processes convert, joined to what one process writes.
@Suite struct PartTests {
  /// Many small tensors, every type, tensors that share data, quantized ones with scales, shards, and a single
  /// tensor.
  static let sources = [
    "distributed/shard0", "distributed/hf_shards", "checkpoints/dtypes.pth", "checkpoints/views.pth",
    "checkpoints/resnext_small.pth", "checkpoints/bare_tensor.pth", "forms/quantized.pt", "forms/sparse.pt",
    "forms/sharded_bin/pytorch_model.bin.index.json", "distributed/tied",
  ]

  /// The parts of a source; nil if it has fewer tensors.
  private func parts(_ source: String, _ count: Int, in folder: TemporaryFolder) throws -> [String]? {
    var paths: [String] = []
    for index in 1...count {
      let path = folder.file("part-\(index).swt")
      let made = Tool(
        "convert", Fixtures.path(source), "-o", path, "--arch", "none", "--part", "\(index)/\(count)")
      if made.status == .usage, made.errors.contains("has at most") { return nil }
      #expect(made.status == .success, "\(made.errors)")
      paths.append(path)
    }
    return paths
  }

  @Test(arguments: sources, [1, 2, 3, 7])
  func `parts are proven one by one, and joined they are the file of one run`(source: String, count: Int)
    throws
  {
    let folder = try TemporaryFolder()
    let whole = folder.file("whole.swt")
    #expect(Tool("convert", Fixtures.path(source), "-o", whole, "--arch", "none").status == .success)
    guard let paths = try parts(source, count, in: folder) else {
      #expect(count > 1)
      return
    }
    for path in paths {
      #expect(Tool("check", path).status == .success)
      let proven = Tool("verify", path, "--level", "weights", "--source", Fixtures.path(source))
      #expect(proven.status == .success, "\(proven.output) \(proven.errors)")
      // The same command again finds its part up to date.
      let number = try #require(paths.firstIndex(of: path)) + 1
      let again = Tool(
        "convert", Fixtures.path(source), "-o", path, "--arch", "none", "--part", "\(number)/\(count)")
      #expect(again.status == .success && again.output.contains("up to date"), "\(again.output)")
    }
    let joined = folder.file("joined.swt")
    let made = Tool(["convert", "--join"] + paths.reversed() + ["-o", joined])
    #expect(made.status == .success, "\(made.errors)")
    #expect(try readFile(joined) == readFile(whole))
  }

  @Test func `parts of equal bytes have equal numbers of tensors`() throws {
    let folder = try TemporaryFolder()
    let paths = try #require(try parts("checkpoints/resnext_small.pth", 4, in: folder))
    let sizes = try paths.map { try readFile($0).count }
    let largest = try #require(sizes.max())
    // The largest tensor has 262,144 bytes.
    #expect(largest < sizes.reduce(0, +) / 4 + 300_000)
  }

  /// What is wrong with the parts of two sources, and what is said of it.
  enum Fault: CaseIterable {
    case missing, doubled, foreign, otherCount, whole, damaged, checkpoint

    var message: String {
      switch self {
      case .missing: "part 2 of 3 is not among the inputs"
      case .doubled: "part 1 of 3 is there twice"
      case .foreign: "it is not a part of the checkpoint of"
      case .otherCount: "the number of parts"
      case .whole: "it is not a part of a checkpoint"
      case .damaged: "part-2.swt"
      case .checkpoint: "not a .swt file"
      }
    }
  }

  @Test(arguments: Fault.allCases)
  func `what is not all parts of one checkpoint is exit 5, and nothing is written`(fault: Fault) throws {
    let folder = try TemporaryFolder()
    let other = try TemporaryFolder()
    var paths = try #require(try parts("checkpoints/resnext_small.pth", 3, in: folder))
    switch fault {
    case .missing: paths.remove(at: 1)
    case .doubled:
      try writeFile(other.file("copy.swt"), readFile(paths[0]))
      paths.append(other.file("copy.swt"))
    case .foreign: paths[1] = try #require(try parts("checkpoints/resnext_deep.pth", 3, in: other))[1]
    case .otherCount: paths[1] = try #require(try parts("checkpoints/resnext_small.pth", 4, in: other))[1]
    case .whole:
      paths[1] = other.file("whole.swt")
      let source = Fixtures.path("checkpoints/resnext_small.pth")
      #expect(Tool("convert", source, "-o", paths[1], "--arch", "none").status == .success)
    case .damaged:
      var bytes = try readFile(paths[1])
      bytes[bytes.count - 100] ^= 1
      try writeFile(paths[1], bytes)
    case .checkpoint: paths[1] = Fixtures.path("checkpoints/resnext_small.pth")
    }
    let made = Tool(["convert", "--join"] + paths + ["-o", other.file("joined.swt")])
    #expect(made.status == .inputUnreadable, "\(made.errors)")
    #expect(made.errors.contains(fault.message), "\(made.errors)")
    #expect(try !Folder.names(in: other.path).contains("joined.swt"))
  }

  @Test(arguments: [
    ["--part", "1/2"], ["--part", "0/2", "--arch", "none"], ["--part", "3/2", "--arch", "none"],
    ["--part", "1", "--arch", "none"], ["--part", "1/2", "--arch", "none", "--join"],
    ["--part", "1/99999", "--arch", "none"], ["--part", "1/500", "--arch", "none"],
  ])
  func `a part that cannot be is a usage error`(options: [String]) throws {
    let folder = try TemporaryFolder()
    let made = Tool(
      ["convert", Fixtures.path("checkpoints/resnext_small.pth"), "-o", folder.file("x.swt")] + options)
    #expect(made.status == .usage, "\(made.errors)")
    #expect(try Folder.names(in: folder.path).isEmpty)
  }
}
