import ResNetArchitecture
import SWTBytes
import SWTChecksums
import SWTDigests
import SWTGoldens
import SWTTensorFiles
import TestSupport
import Testing

@Suite struct GoldenFixtureTests {
  /// Every golden from PyTorch, as `network/name`.
  static let all: [String] = [
    "resnet50/image-224-a", "resnet50/image-224-b", "resnet_basic/image-64", "resnet_basic/odd-65x63",
    "resnext101_32x8d/image-224-a", "resnext101_32x8d/image-224-b", "resnext101_64x4d/image-224-a",
    "resnext101_64x4d/image-224-b", "resnext50_32x4d/image-224-a", "resnext50_32x4d/image-224-b",
    "resnext50_32x4d/odd-225x223", "resnext_deep/image-64", "resnext_deep/odd-65x63",
    "resnext_headless/image-64",
    "resnext_headless/odd-65x63", "resnext_small/image-64", "resnext_small/odd-65x63",
    "resnext_wrapped/image-64",
    "resnext_wrapped/odd-65x63",
  ]

  static func golden(_ name: String) throws -> Golden {
    try GoldenFile.read(FileSource(path: Fixtures.path("goldens/\(name).golden.safetensors")))
  }

  @Test(arguments: all) func `is read and written back byte for byte`(name: String) throws {
    let bytes = try readFile(Fixtures.path("goldens/\(name).golden.safetensors"))
    let golden = try GoldenFile.read(MemorySource(bytes))
    #expect(try golden.fileBytes() == bytes)

    let isHeadless = name.hasPrefix("resnext_headless")
    #expect(name.hasSuffix(golden.name))
    #expect(golden.producer == "torch 2.13.0 CPU")
    #expect(golden.k == 8)
    #expect(golden.kind == "reference")
    #expect(golden.output.name == (isHeadless ? "layer4" : "logits"))
    #expect(!golden.output.isFloat32Only)
    #expect(golden.output.reference.count == golden.output.shape.reduce(1, *))
    #expect(golden.output.float32?.count == golden.output.reference.count)
    #expect(golden.labelsTop5.count == (isHeadless ? 0 : golden.input.shape[0]))

    let tree = LayerTree(golden.architecture)
    #expect(golden.taps.map(\.name) == tree.tapNames.filter { $0 != "fc" })
    for tap in golden.taps {
      #expect(golden.floors.free[tap.name] != nil)
      #expect(golden.floors.block[tap.name] != nil)
      #expect(tap.statistics != nil)
      #expect(tap.isFull == name.hasSuffix("image-64"))
      if tap.isFull { #expect(tap.stored.count == tap.elementCount) }
    }
    #expect(golden.floors.free[golden.output.name] != nil)
    let needed = tree.parameters.filter { $0.role != .batchCount }.map(\.name)
    #expect(needed.allSatisfy { golden.digests[ExactString($0)] != nil })
    #expect(golden.weightsDigest != nil)
  }

  /// The error of the float32 pass is at most the floor, which is the largest of several passes.
  @Test(arguments: all) func `floors fit the outputs`(name: String) throws {
    let golden = try Self.golden(name)
    let floor = try #require(golden.floors.free[golden.output.name])
    let float32 = try #require(golden.output.float32)
    var error = 0.0
    var norm = 0.0
    for (r, t) in zip(golden.output.reference, float32) {
      error += (Double(t) - r) * (Double(t) - r)
      norm += r * r
    }
    #expect((error / norm).squareRoot() <= floor.relL2 * 1.000001)
    #expect(floor.relL2 < 1e-4)
  }

  @Test(arguments: all) func `statistics fit full taps`(name: String) throws {
    for tap in try Self.golden(name).taps where tap.isFull {
      let statistics = try #require(tap.statistics)
      let absmax = tap.stored.reduce(Float(0)) { max($0, abs($1)) }
      #expect(abs(Double(absmax) - statistics.absmax) <= 1e-6 * statistics.absmax)
    }
  }

  /// The network's output is stored completely, and its last tap as samples of the same values.
  @Test func `samples are at the indices of the formula`() throws {
    let golden = try Self.golden("resnext_headless/odd-65x63")
    let tap = try #require(golden.tap("layer4.0"))
    #expect(!tap.isFull)
    #expect(tap.stored.count == 512)
    #expect(tap.select(golden.output.reference.map { Float($0) }) == tap.stored)
  }

  @Test func `labels are those of the reference`() throws {
    for name in Self.all where !name.hasPrefix("resnext_headless") {
      let golden = try Self.golden(name)
      let classes = golden.output.shape[1]
      for (item, labels) in golden.labelsTop5.enumerated() {
        let row = golden.output.reference[item * classes..<(item + 1) * classes]
        let order = row.indices.sorted { row[$0] > row[$1] }.prefix(5).map { $0 - row.startIndex }
        #expect(order == labels)
      }
    }
  }
}
