import EngineTestSupport
import ResNetArchitecture
import ResNetEngine
internal import SWTThreads
import Testing

/// Aggregated transformations (Xie et al. 2016, figure 3): a ResNeXt block is the sum of its branches, each a
/// narrow bottleneck of its own. So a block whose other branches are cut off gives one term of the sum.
@Suite struct AggregationTests {
  static let threads = ThreadPool(count: 2)

  /// `layer1.0`: 8 or 32 channels in, `groups` branches of `width` channels, 32 channels out, projected.
  private static func tree(groups: Int, width: Int) -> LayerTree {
    LayerTree(
      Architecture(
        block: .bottleneck, layers: [1, 0, 0, 0], groups: groups, widthPerGroup: width, classCount: nil,
        basePlanes: 64, stemChannels: 8))
  }

  /// Cuts all branches but `branch` off: their columns of conv3 become zero. Without bias and without the
  /// ReLU at the end (a large shift keeps it idle) the block is linear in its branches.
  private static func only(_ branch: Int?, _ table: WeightTable, width: Int, groups: Int) -> WeightTable {
    var table = table
    let name = "layer1.0.conv3.weight"
    for (i, _) in (table.tensors[name] ?? []).enumerated() {
      if let branch, i % (groups * width) / width != branch { table.tensors[name]?[i] = 0 }
    }
    table.tensors["layer1.0.bn3.bias"] = ContiguousArray(repeating: 0, count: 256)
    table.tensors["layer1.0.bn3.running_mean"] = ContiguousArray(repeating: 0, count: 256)
    table.tensors["layer1.0.downsample.1.weight"] = ContiguousArray(repeating: 0, count: 256)
    table.tensors["layer1.0.downsample.1.bias"] = ContiguousArray(repeating: shift, count: 256)
    return table
  }
  private static let shift: Float = 64

  @Test(arguments: [(32, 4), (8, 8), (5, 3), (2, 16), (3, 24)])
  func `a grouped block equals the sum of its branches`(groups: Int, width: Int) throws {
    let tree = Self.tree(groups: groups, width: width)
    let weights = tree.randomWeights(seed: 11)
    let input = FeatureMap<Float>.random([1, 8, 9, 11], seed: 12)

    func fast(_ branch: Int?) throws -> [Double] {
      let network = try PackedNetwork(
        tree, weights: Self.only(branch, weights, width: width, groups: groups), threads: Self.threads)
      let result = try FastEngine(network, threads: Self.threads).runStage("layer1.0", input)
      return result.output.values.map { Double($0) - Double(Self.shift) }
    }
    func reference(_ branch: Int?) throws -> [Double] {
      let engine = ReferenceEngine(
        tree, weights: Self.only(branch, weights, width: width, groups: groups), threads: Self.threads)
      return try engine.runStage("layer1.0", input).output.values.map { $0 - Double(Self.shift) }
    }
    for (block, tolerance) in [(fast, 1e-3), (reference, 1e-10)] {
      let whole = try block(nil)
      var sum = [Double](repeating: 0, count: whole.count)
      for branch in 0..<groups {
        for (i, value) in try block(branch).enumerated() { sum[i] += value }
      }
      #expect(zip(whole, sum).allSatisfy { abs($0 - $1) < tolerance })
      #expect(whole.contains { abs($0) > 0.1 })
    }
  }
}
