import ResNetArchitecture
import ResNetModel
import SWT
import SWTDigests
import TestSupport
import Testing

/// A network's architecture as metadata, and back.
@Suite struct SWTArchitectureTests {
  private static func file(_ metadata: [String: SWTValue]) throws -> SWTFile {
    let folder = try TemporaryFolder()
    var contents = SWTContents()
    contents.metadata = metadata
    _ = try SWTWriter.write(contents, to: folder.file("a.swt"), digests: SystemDigests()) { _, _ in }
    return try SWTFile(bytes: try readFile(folder.file("a.swt")))
  }

  @Test(arguments: Architecture.published.map(\.name))
  func `every published network comes back as it was`(name: String) throws {
    var architecture = try #require(Architecture.named(name))
    for classes in [1000, 1, nil] {
      architecture.classCount = classes
      #expect(SWTArchitecture.read(try Self.file(SWTArchitecture.metadata(architecture))) == architecture)
    }
  }

  static let complete: [String: SWTValue] =
    Architecture.named("resnext50_32x4d").map { SWTArchitecture.metadata($0) } ?? [:]

  @Test(arguments: ["arch.block", "arch.layers", "arch.groups", "arch.width_per_group"])
  func `without what every network has there is none`(key: String) throws {
    var metadata = Self.complete
    metadata[key] = nil
    #expect(SWTArchitecture.read(try Self.file(metadata)) == nil)
  }

  /// FORMAT.md says what absent keys mean.
  @Test func `what is absent is as in every published network`() throws {
    var metadata = Self.complete
    for key in ["arch.base_planes", "arch.stem_channels", "arch.bn_eps", "arch.stem", "arch.shortcut"] {
      metadata[key] = nil
    }
    #expect(SWTArchitecture.read(try Self.file(metadata)) == Architecture.named("resnext50_32x4d"))
  }

  static let hostile: [(key: String, value: SWTValue)] = [
    ("arch.layers", .integers([])), ("arch.layers", .integers([3, -1, 2, 2])),
    ("arch.layers", .integers([.max, 1, 1, 1])),
    ("arch.layers", .integers([Int64](repeating: 1, count: 100_000))), ("arch.layers", .text("3,4,6,3")),
    ("arch.groups", .integer(0)), ("arch.groups", .integer(.min)), ("arch.groups", .integer(.max)),
    ("arch.groups", .double(32)),
    ("arch.width_per_group", .integer(1 << 40)), ("arch.base_planes", .integer(-64)),
    ("arch.stem_channels", .text("64")),
    ("arch.bn_eps", .double(.nan)), ("arch.bn_eps", .double(-1)), ("arch.bn_eps", .double(.infinity)),
    ("arch.block", .text("Bottleneck")), ("arch.block", .bytes([0xFF])), ("arch.stem", .text("conv9x9")),
    ("arch.shortcut", .integer(1)), ("arch.dilations", .integers([.max, 1, 1, 1])),
    ("arch.se_channels", .integers([-1])),
  ]

  @Test(arguments: hostile.indices)
  func `a value that no network has is no architecture`(index: Int) throws {
    var metadata = Self.complete
    metadata[Self.hostile[index].key] = Self.hostile[index].value
    #expect(SWTArchitecture.read(try Self.file(metadata)) == nil, "\(Self.hostile[index])")
  }
}
