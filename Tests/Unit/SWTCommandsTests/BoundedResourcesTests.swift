internal import SWTConsole
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// Files of a megabyte that demand everything: `inspect` stays below 64 MB and two seconds of processor time,
/// in a process that cannot have more.
@Suite(.serialized, .enabled(if: ChildProcess.program != nil)) struct BoundedResourcesTests {
  private static let size = 1_000_000

  struct Bomb: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let make: @Sendable () -> [UInt8]
    init(_ description: String, _ make: @escaping @Sendable () -> [UInt8]) {
      (testDescription, self.make) = (description, make)
    }
  }

  /// A pickle that repeats one piece.
  private static func pickle(_ first: [UInt8] = [], _ piece: [UInt8], _ last: [UInt8] = []) -> [UInt8] {
    var bytes: [UInt8] = [0x80, 4] + first
    bytes.reserveCapacity(size + piece.count)
    while bytes.count < size - last.count - 1 { bytes += piece }
    return bytes + last + [0x2E]
  }

  private static func repeated(
    _ name: String, after first: [UInt8] = [], _ piece: [UInt8], then last: [UInt8] = []
  ) -> Bomb {
    Bomb(name) { ZipBuilder.checkpoint(pickle(first, piece, last)) }
  }

  /// A pickle whose pieces differ.
  private static func numbered(
    _ name: String, after first: [UInt8] = [], then last: [UInt8] = [],
    _ piece: @escaping @Sendable (Int) -> [UInt8]
  ) -> Bomb {
    Bomb(name) {
      var bytes: [UInt8] = [0x80, 4] + first
      var i = 0
      while bytes.count < size {
        bytes += piece(i)
        i += 1
      }
      return ZipBuilder.checkpoint(bytes + last + [0x2E])
    }
  }

  private static func deflated(_ count: Int, _ byte: UInt8, claimed: Int? = nil) -> [UInt8] {
    var zip = ZipBuilder()
    zip.add("a/data.pkl", DeflateBomb.bytes(byte, count: count), unpacked: claimed ?? count, method: 8)
    return zip.bytes()
  }

  private static let tensor =
    PickleBuilder(protocol: nil).tensor(count: 4, size: [4], stride: [1]).op(0x71, [0]).bytes

  /// A tuple of half a million, as the memo's first.
  private static let longTuple: [UInt8] =
    [0x28] + Array(repeating: 0x4E, count: size / 2) + [0x74, 0x71, 0, 0x30]
  private static let orderedDict: [UInt8] = Array("ccollections\nOrderedDict\n".utf8)

  private static func text(_ text: String) -> [UInt8] { PickleBuilder(protocol: nil).text(text).bytes }

  static let bombs: [Bomb] = [
    repeated("lists", [0x5D]), repeated("empty tuples", [0x29]),
    repeated("tuples around tuples", after: [0x4E], [0x85]),
    repeated("pairs of one", after: [0x4E], [0x32, 0x86]),
    repeated("calls of calls", after: [0x4E], [0x29, 0x52]),
    repeated("lists in themselves", [0x5D, 0x32, 0x61]), repeated("dicts of one", [0x7D, 0x4E, 0x4E, 0x73]),
    repeated("states", after: [0x4E, 0x29, 0x52], [0x4E, 0x62]),
    repeated("references by one long tuple", after: longTuple, [0x68, 0, 0x51]),
    repeated(
      "ordered dicts of one long tuple", after: longTuple + orderedDict + [0x71, 1, 0x30],
      [0x68, 1, 0x68, 0, 0x85, 0x52]),
    repeated(
      "ordered dicts with one long tuple of arguments", after: longTuple + orderedDict + [0x71, 1, 0x30],
      [0x68, 1, 0x68, 0, 0x52]),
    repeated("objects with states", after: [0x4E], [0x29, 0x52, 0x4E, 0x62]),
    repeated("memo slots", after: [0x4E], [0x94]), repeated("marks", [0x28]),
    repeated("empty texts", [0x8C, 0]),
    repeated("numbers of 9 bytes", [0x8A, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
    repeated(
      "one tensor half a million times", after: tensor + [0x30, 0x5D, 0x28], [0x68, 0], then: [0x65]),
    repeated("lists closed one in another", after: [0x5D], [0x5D, 0x61]),
    numbered("scattered memo slots", after: [0x4E]) { i in
      let slot = UInt32(truncatingIfNeeded: i &* 2_654_435_761)
      return [0x72] + (0..<4).map { UInt8(truncatingIfNeeded: slot >> (8 * $0)) }
    },
    numbered("classes") { Array("c\(String($0, radix: 16))\na\n".utf8) },
    numbered("keys", after: [0x7D, 0x28], then: [0x75]) { text("\($0)") + [0x5D] },
    Bomb("a deflated pickle of sixty million lists") { deflated(60_000_000, 0x5D) },
    Bomb("a deflated pickle that claims less than it is") { deflated(60_000_000, 0x5D, claimed: 1000) },
    Bomb("a gzip file of half a gigabyte of zeros") { DeflateBomb.gzip(0, count: 500_000_000) },
    Bomb("a gzip file of a pickle of lists") { DeflateBomb.gzip(0x5D, count: 60_000_000) },
    Bomb("a hundred deflated pickles of one package") {
      let pickle = DeflateBomb.bytes(0x5D, count: 2_000_000)
      var zip = ZipBuilder()
      zip.add(".data/extern_modules", [])
      for i in 0..<70 { zip.add("p\(i).pkl", pickle, unpacked: 2_000_000, method: 8) }
      return zip.bytes()
    },
    Bomb("a deflated JSON document of forty megabytes") {
      var zip = ZipBuilder()
      zip.add("archive_format", Array("pt2".utf8))
      zip.add(
        "data/weights/m_weights_config.json", DeflateBomb.bytes(0x5B, count: 40_000_000),
        unpacked: 40_000_000,
        method: 8)
      return zip.bytes()
    },
    Bomb("sixteen thousand long names") {
      let key = text(String(repeating: "k", count: 60_000))
      var bytes: [UInt8] = [0x80, 2] + tensor + [0x30, 0x5D, 0x28]
      for _ in 0..<16_000 { bytes += [0x68, 0] }
      bytes += [0x65, 0x71, 1, 0x30] + key + [0x71, 2, 0x30, 0x68, 1]
      for _ in 0..<400 { bytes += [0x71, 3, 0x30, 0x7D, 0x68, 2, 0x68, 3, 0x73] }
      return ZipBuilder.checkpoint(bytes + [0x2E])
    },
    Bomb("nine thousand names of twenty parts") {
      let names = (0..<9_000).map { i in
        ((0..<4).map { "\(String(i, radix: 36))\($0)" } + Array(repeating: "x", count: 16)).joined(
          separator: ".")
      }
      var bytes: [UInt8] = [0x80, 2] + tensor + [0x30, 0x7D, 0x28]
      for name in names { bytes += text(name) + [0x68, 0] }
      return ZipBuilder.checkpoint(bytes + [0x75, 0x2E])
    },
    Bomb("names that are each a part longer") {
      let names = (1..<1200).map { Array(repeating: "a", count: $0).joined(separator: ".") }
      var bytes: [UInt8] = [0x80, 2] + tensor + [0x30, 0x7D, 0x28]
      for name in names { bytes += text(name) + [0x68, 0] }
      return ZipBuilder.checkpoint(bytes + [0x75, 0x2E])
    },
    Bomb("pairs forty levels deep") {
      var pickle = PickleBuilder().op(0x5D)
      for i in 0..<40 { pickle = pickle.op(0x71, [UInt8(i)]).op(0x68, [UInt8(i)]).op(0x86) }
      return ZipBuilder.checkpoint(pickle.stop())
    },
    Bomb("a JSON document of numbers") {
      Array(#"{"weight_map":["#.utf8) + (0..<size / 2).flatMap { _ in Array("0,".utf8) } + Array("0]}".utf8)
    },
    Bomb("a safetensors header of metadata") {
      let pairs = (0..<80_000).map { #""\#($0)":"""# }.joined(separator: ",")
      let header = Array(#"{"__metadata__":{\#(pairs)}}"#.utf8)
      return (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header
    },
    Bomb("sixteen thousand empty records") {
      var zip = ZipBuilder()
      zip.add("data.pkl", PickleBuilder().op(0x4E).stop())
      for i in 0..<12_000 { zip.add(String(i, radix: 36), []) }
      return zip.bytes()
    },
  ]

  @Test(arguments: bombs)
  func `a file of a megabyte gets neither 64 MB nor two seconds`(bomb: Bomb) throws {
    let file = try TemporaryFile(bomb.make(), name: "bomb.pth")
    let child = try ChildProcess(["inspect", "--json", "--hash", file.path], memory: 65_536, seconds: 2)
    #expect(child.status == 0 || child.status == 5, "\(child.status): \(child.errors.prefix(300))")
    if child.status == 5 { #expect(child.errors.contains(#""schema":"pth2swt.error/1""#)) }
    // The text with the tree takes no more.
    let tree = try ChildProcess(["inspect", file.path], memory: 65_536, seconds: 2)
    #expect(tree.status == child.status, "\(tree.status): \(tree.errors.prefix(300))")
  }

  @Test func `a process that needs more does not get it`() throws {
    // The same bomb with raised limits shows that the bound of this suite is real.
    let file = try TemporaryFile(Self.deflated(60_000_000, 0x5D), name: "bomb.pth")
    let raised = ["pickle-nodes", "pickle-bytes", "walk-steps"].flatMap { ["--limit", "\($0)=1000000000"] }
    let child = try ChildProcess(["inspect", file.path] + raised, memory: 65_536, seconds: 2)
    #expect(child.status != 0 && child.status != 5)
  }

  // MARK: Files that are not regular

  @Test(arguments: ["/dev/zero", "/dev/null", "/tmp", "/proc/self/mem", "/nonexistent/file"])
  func `a file that is not regular is an error at once`(path: String) throws {
    let child = try ChildProcess(["inspect", path], memory: 65_536, seconds: 2)
    #expect(child.status == 5)
    #expect(!child.errors.isEmpty)
  }

  @Test func `a pipe without a writer is an error, and is not waited for`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("fifo.pth")
    #expect(unsafe mkfifo(path, 0o600) == 0)
    #expect(try ChildProcess(["inspect", path], memory: 65_536, seconds: 2).status == 5)
    #expect(
      try ChildProcess(["convert", path, "-o", folder.file("x.swt")], memory: 65_536, seconds: 2).status == 5)
  }
}
