import PthReader
import ResNetArchitecture
import ResNetEngine
import SWTConversion
import SWTTensors
import SWTThreads
import TestSupport
import Testing

/// What BatchNorm's running statistics tell of a network's conventions.
@Suite struct LikelyConventionsTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let file, usual, truth: String
    var testDescription: String { file }
  }

  /// The conventions that the script of the fixtures gives these networks.
  nonisolated static let cases = [
    Case(
      file: "stem-and-pool", usual: "resnext_2-2-2-2_2x64d_base4_conv5x5s2p2",
      truth:
        "resnext_2-2-2-2_2x64d_base4_conv5x5s1p2_pool3x3s2p0ceil_dilated1-2-1-2_first1-2-1-1_strides1-1-2-1"),
    Case(
      file: "no-pool", usual: "resnext_2-2-2-2_2x64d_base4",
      truth: "resnext_2-2-2-2_2x64d_base4_conv7x7s1p3_nopool_dilated1-1-2-1_first1-1-2-1_strides1-2-1-2"),
    Case(
      file: "basic", usual: "resnet_2-2-2-2_basic_base4_cifar",
      truth:
        "resnet_2-2-2-2_basic_base4_conv3x3s1p2_pool2x2s2p0_dilated1-2-2-1_first1-2-2-1_strides1-1-1-2"),
  ]

  @Test(arguments: cases)
  func `the right conventions are among the first of thousands`(example: Case) throws {
    let usual = try Self.named(example.usual)
    let truth = try Self.named(example.truth)
    let space = ConventionSpace(
      usual, open: ["stem", "pool", "strides", "stride_on", "dilations", "first_dilations", "final_pool"])
    #expect(space.sizes.reduce(1, *) > 10_000)
    let file = try PthFile(path: Fixtures.path("settling/\(example.file).pth"))
    var weights = WeightTable()
    for entry in file.tensors where entry.shape != [] {
      weights.tensors[entry.name] = ContiguousArray(try file.floats(of: entry))
    }
    let bytes = Array(try readFile(Fixtures.path("settling/pictures.npy")).suffix(6 * 3 * 40 * 40 * 4))
    let values = stride(from: 0, to: bytes.count, by: 4).map { start in
      Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << (8 * $1) })
    }
    let pictures = FeatureMap<Float>(shape: [6, 3, 40, 40], values: values)
    let parameters = LayerTree(usual).parameters
    let ranked = try LikelyConventions(space, weights, pictures, threads: ThreadPool(count: 1)) {
      $0.parameters == parameters
    }.ranked()
    let rank = ranked.firstIndex { LayerTree(space.architecture($0)).blocks == LayerTree(truth).blocks }
    #expect(try #require(rank) < 24)
  }

  private static func named(_ name: String) throws -> Architecture {
    var architecture = try #require(Architecture.named(name))
    architecture.classCount = 5
    return architecture
  }
}
