internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTThreads

/// Computes networks that differ in their conventions only, and what several of them have in common only
/// once: packed weights, and the outputs of equal first stages.
final class CandidateRuns {
  /// The layers up to the end of a stage, which determine its output.
  private struct Prefix: Hashable {
    var stem: StemLayers
    var pools: [PoolUnit] = []
    var blocks: [ResidualBlock] = []
    /// Only of the whole network.
    var finalPool: Architecture.FinalPool?
  }

  /// Consecutive layers between two places where outputs are kept.
  private struct Segment {
    var first, last: String
    var end: Prefix
    var multiplyAdds: Int
  }

  private let weights: WeightTable
  private let threads: ThreadPool
  private let input: FeatureMap<Float>
  /// The last used last.
  private var packed: [PackedNetwork] = []
  private var maps: [Prefix: FeatureMap<Float>] = [:]
  /// Keys of ``maps``, the oldest first.
  private var order: [Prefix] = []
  private var keptFloats = 0
  /// Work so far, in multiply-adds.
  private(set) var multiplyAdds = 0

  /// Outputs that are kept may take 256 MiB.
  private static let mostFloats = 64 << 20
  /// Bytes of packed weights that are kept: those of each epsilon are others, and of a ResNeXt's dilated
  /// stages.
  private static let mostPackedBytes = 512 << 20
  /// What planning a run costs, in multiply-adds.
  private static let planning = 10_000_000

  /// For an input `[N, C, H, W]`.
  init(_ weights: WeightTable, _ input: FeatureMap<Float>, threads: ThreadPool) {
    (self.weights, self.input, self.threads) = (weights, input, threads)
  }

  /// Computes a network, and shows the outputs of the stem, the pooling and each stage, and at last that of
  /// the network, until `visit` returns false.
  ///
  /// - Precondition: The network accepts the input.
  /// - Throws: ``InferenceError``.
  func run(_ tree: LayerTree, _ visit: (String, FeatureMap<Float>) throws -> Bool) throws {
    var map = input
    var engine: FastEngine?
    for segment in segments(tree) {
      if let known = maps[segment.end] {
        map = known
      } else {
        let runner = try engine ?? makeEngine(tree)
        engine = runner
        map = try runner.run(from: segment.first, through: segment.last, map)
        multiplyAdds += segment.multiplyAdds
        keep(map, segment.end)
      }
      guard try visit(segment.last, map) else { return }
    }
  }

  private func makeEngine(_ tree: LayerTree) throws -> FastEngine {
    multiplyAdds += Self.planning
    let (height, width) = (input.shape[2], input.shape[3])
    for index in packed.indices.reversed() {
      guard let shared = PackedNetwork(tree, sharing: packed[index]) else { continue }
      packed.append(packed.remove(at: index))
      return FastEngine(shared, height: height, width: width, threads: threads)
    }
    // Tiles and Winograd's form pay for networks that run often, and lie differently for each stride.
    let network = try PackedNetwork(
      tree, weights: weights, threads: threads, instructions: .vectors, winograd: false, height: height,
      width: width)
    multiplyAdds += 8 * tree.parameterCount
    packed.append(network)
    while packed.count > 1, packed.reduce(0, { $0 + $1.byteCount }) > Self.mostPackedBytes {
      packed.removeFirst()
    }
    return FastEngine(network, height: height, width: width, threads: threads)
  }

  private func keep(_ map: FeatureMap<Float>, _ prefix: Prefix) {
    guard map.values.count <= Self.mostFloats / 8 else { return }
    maps[prefix] = map
    order.append(prefix)
    keptFloats += map.values.count
    while keptFloats > Self.mostFloats {
      keptFloats -= maps.removeValue(forKey: order.removeFirst())?.values.count ?? 0
    }
  }

  private func segments(_ tree: LayerTree) -> [Segment] {
    var (height, width) = (input.shape[2], input.shape[3])
    var prefix = Prefix(stem: tree.stem)
    var work = 0
    var segments: [Segment] = []
    func run(_ unit: ConvolutionUnit, moves: Bool = true) {
      if moves { (height, width) = (unit.outputSize(height), unit.outputSize(width)) }
      work += input.shape[0] * height * width * unit.weightShape.reduce(1, *)
    }
    func end(_ first: String, _ last: String) {
      segments.append(Segment(first: first, last: last, end: prefix, multiplyAdds: work))
      work = 0
    }
    for unit in tree.stem.units { run(unit) }
    end(tree.stem.name, tree.stem.name)
    if let pool = tree.maxPool {
      prefix.pools = [pool, tree.poolBlur].compactMap(\.self)
      for pool in prefix.pools { (height, width) = (pool.outputSize(height), pool.outputSize(width)) }
      end(pool.name, pool.name)
    }
    for stage in tree.architecture.layers.indices {
      let blocks = tree.blocks.filter { $0.stage == stage }
      guard let first = blocks.first, let last = blocks.last else { continue }
      for block in blocks {
        for (index, unit) in block.body.enumerated() {
          run(unit)
          if index == block.antialiasedIndex, let filter = block.antialiasing {
            (height, width) = (filter.outputSize(height), filter.outputSize(width))
          }
        }
        if let downsample = block.downsample { run(downsample, moves: false) }
      }
      prefix.blocks += blocks
      end(first.name, last.name)
    }
    if let head = tree.head {
      prefix.finalPool = tree.architecture.finalPool
      end("avgpool", head.name)
    }
    return segments
  }
}
