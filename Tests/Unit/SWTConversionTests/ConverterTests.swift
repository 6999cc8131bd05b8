import ResNetArchitecture
import ResNetModel
import SWT
import SWTBytes
import SWTChecksums
import SWTConversion
import SWTDigests
import TestSupport
import Testing

/// Checkpoints of PyTorch become weight files, and PyTorch's own digests say whether the values are theirs.
@Suite struct ConverterTests {
  static let networks = [
    "resnext_small", "resnext_small_legacy", "resnext_small_deflated", "resnet_basic", "resnext_deep",
    "resnext_headless",
  ]

  @Test(arguments: networks)
  func `every tensor has PyTorch's shape and bytes, in the order of execution`(name: String) throws {
    let truth = try CheckpointTruth(name)
    let conversion = try Conversion(name)
    let file = try conversion.file()
    try file.verify(using: SystemDigests())
    let architecture = try #require(SWTArchitecture.read(file))
    #expect(file.tensors.map(\.name) == LayerTree(architecture).parameters.map(\.name))
    #expect(conversion.summary.tensorCount == truth.tensors.count && file.tensorCount == truth.tensors.count)
    for tensor in truth.tensors {
      let index = try #require(file.index(of: tensor.name), "\(tensor.name)")
      #expect(file.info(index).shape == tensor.shape && file.digest(index)?.hex == tensor.sha256)
      #expect(file.sourceDigests.first { $0.name == tensor.name }?.sha256.hex == tensor.sha256)
    }
    #expect(conversion.summary.unused.isEmpty && conversion.summary.contentID?.hasPrefix("swt1:") == true)
    #expect(try conversion.summary.byteCount == conversion.bytes().count)
  }

  @Test(arguments: [
    "views", "views_legacy", "dtypes", "dtypes_legacy", "nested", "parameter", "whole_module",
  ])
  func `a state dict without a network keeps its names and its bytes`(name: String) throws {
    let truth = try CheckpointTruth(name)
    let conversion = try Conversion(name) { $0.architecture = .none }
    let file = try conversion.file()
    let found = Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, file.digest($0.index)?.hex) })
    for tensor in truth.tensors { #expect(found[tensor.name] == tensor.sha256, "\(tensor.name)") }
    #expect(conversion.summary.architecture == nil && conversion.summary.reading == nil)
    #expect(SWTArchitecture.read(file) == nil)
  }

  /// FORMAT.md, section 7; Fixtures/README.md says what the network is, how many bytes it has and their SHA-256.
  @Test func `metadata says what the file is and where it came from`() throws {
    let file = try Conversion("resnext_small").file()
    var metadata: [String: SWTValue] = [:]
    for (key, value) in file.metadata { metadata[key] = value }
    let expected: [String: SWTValue] = [
      "swt.producer": .text("pth2swt"), "swt.producer_version": .text(Producer.version),
      "source.sha256": .text("8ec4279f2a9f628e1d2402b546ff1f92cce34bdf8f2fb38effac87edd33436c9"),
      "source.bytes": .integer(1_163_523), "source.format": .text("zip"),
      "source.family": .text("torchvision"),
      "license": .text("LicenseRef-unknown"), "arch.family": .text("resnext"),
      "arch.block": .text("bottleneck"),
      "arch.layers": .integers([1, 1, 1, 1]), "arch.groups": .integer(8),
      "arch.width_per_group": .integer(32),
      "arch.base_planes": .integer(8), "arch.stem_channels": .integer(8), "arch.num_classes": .integer(10),
      "arch.stem": .text("conv7x7"), "arch.head": .text("fc"), "arch.bn": .text("kept"),
      "arch.bn_eps": .double(1e-5), "pre.channels": .text("RGB"),
    ]
    for (key, value) in expected { #expect(metadata[key] == value, "\(key)") }
    // The name is our own, and who said what is JSON.
    #expect(Set(metadata.keys).subtracting(expected.keys) == ["arch.name", "source.conventions"])
    // No time, no path, no machine: equal inputs give equal bytes.
    #expect(!file.metadata.contains { "\($0.value)".contains("/") })
  }

  @Test func `metadata, licence, labels and goldens that are asked for are in the file`() throws {
    let golden = Fixtures.path("goldens/resnext_small/image-64.golden.safetensors")
    let labels = (0..<10).map { "class \($0)" }
    let conversion = try Conversion("resnext_small") {
      $0.metadata = [("pre.resize", .integer(96)), ("x.me.note", .text("größe"))]
      $0.license = "BSD-3-Clause"
      $0.labels = labels
      $0.goldens = [golden]
    }
    let file = try conversion.file()
    #expect(file.metadata("pre.resize") == .integer(96) && file.metadata("x.me.note") == .text("größe"))
    #expect(file.metadata("license") == .text("BSD-3-Clause"))
    #expect(file.metadata("labels") == .text(labels.joined(separator: "\n")))
    #expect(conversion.summary.goldens == file.goldenSets.map(\.name) && file.goldenSets.count == 1)
    #expect(file.tensors.contains { $0.role == .goldenOutput })
  }

  @Test(arguments: [1, 2, 7])
  func `the bytes depend on input and options, never on threads`(threads: Int) throws {
    let whole = try Conversion("resnext_deep") { $0.threads = 3 }.bytes()
    #expect(try Conversion("resnext_deep") { $0.threads = threads }.bytes() == whole)
    let changed: (inout ConversionOptions) -> Void = {
      ($0.precision, $0.foldsBatchNorm) = (.i8, true)
    }
    let folded = try Conversion("resnext_deep", changed).bytes()
    #expect(
      try Conversion("resnext_deep") {
        changed(&$0); $0.threads = threads
      }.bytes() == folded)
  }

  /// Tensors that are another's bytes again need not be read.
  @Test func `progress ends when nearly everything was read`() throws {
    let progress = ConversionProgress()
    #expect(progress.fraction == 0)
    let folder = try TemporaryFolder()
    _ = try Converter.convert(Conversion.path("resnext_small"), to: folder.file("m.swt"), progress: progress)
    #expect((0.99...1).contains(progress.fraction) && progress.done <= progress.total)
    #expect(progress.total >= 1_163_523)
  }

  @Test func `through safetensors and back every byte is the same`() throws {
    let direct = try Conversion("resnext_small")
    let between = try Conversion("resnext_small", ending: "safetensors")
    #expect(between.summary.contentID == nil && between.summary.tensorCount == direct.summary.tensorCount)
    let back = between.folder.file("back.swt")
    _ = try Converter.convert(between.output, to: back)
    #expect(try readFile(back) == direct.bytes())
  }
}
