import ResNetArchitecture
import ResNetEngine
internal import SWTConsole
import SWTTensors
internal import SWTThreads

/// A small random network whose BatchNorm statistics are those of its activations, as after training.
struct SmallNetwork {
  let tree: LayerTree
  let weights: WeightTable

  init(tree: LayerTree, weights: WeightTable) {
    self.tree = tree
    self.weights = weights
  }

  /// Weights from `seed`; the scale of convolutions varies over `spread` powers of ten, so epsilon matters.
  init(_ architecture: Architecture, seed: UInt64, spread: Double = 1.5) throws {
    tree = LayerTree(architecture)
    var random = Numbers(seed: seed)
    var table = WeightTable()
    for spec in tree.parameters where spec.role != .batchCount {
      let depth = Float(spec.shape.dropFirst().reduce(1, *))
      table.tensors[spec.name] =
        switch spec.role {
        case .convolution:
          random.floats(spec.elementCount, (3 / depth).squareRoot() * Float(random.power(spread)))
        case .linearWeight: random.floats(spec.elementCount, 3 / depth.squareRoot())
        case .normWeight: random.floats(spec.elementCount, 0.4, around: 0.9)
        case .normBias: random.floats(spec.elementCount, 0.25, around: 0.15)
        case .linearBias: random.floats(spec.elementCount, 0.8)
        default: ContiguousArray(repeating: 0, count: spec.elementCount)
        }
    }
    // Residual branches are smaller than the shortcut.
    for block in tree.blocks {
      guard let last = block.body.last else { continue }
      table.tensors["\(last.normName).weight"] = random.floats(last.outputChannels, 0.2, around: 0.4)
    }
    weights = try Self.calibrated(table, tree, &random)
  }

  /// Layer by layer: mean and variance of the convolution's output, slightly perturbed.
  private static func calibrated(
    _ table: WeightTable, _ tree: LayerTree, _ random: inout Numbers
  ) throws -> WeightTable {
    var table = table
    let threads = ThreadPool(count: 1)
    var map = Images.noise([2, tree.stem.inputChannels, 64, 64], seed: random.next())
    for stage in tree.tapNames {
      let block = tree.blocks.first { $0.name == stage }
      let units = stage == tree.stem.name ? tree.stem.units : block?.convolutions ?? []
      for unit in units {
        // With this norm a tap is the plain sum, raised so much that no ReLU clips it.
        let raised: [(String, Float)] = [
          ("weight", 1), ("bias", 1000), ("running_mean", 0), ("running_var", 1 - 1e-5),
        ]
        var plain = table
        for (leaf, value) in raised {
          plain.tensors["\(unit.normName).\(leaf)"] = ContiguousArray(
            repeating: value, count: unit.outputChannels)
        }
        let engine = ReferenceEngine(tree, weights: plain, threads: threads)
        let result = try engine.runStage(stage, map, taps: stage == unit.name ? [] : [unit.name])
        let sums = result.taps[unit.name] ?? result.output
        let area = sums.shape[2] * sums.shape[3]
        var means = ContiguousArray<Float>()
        var variances = ContiguousArray<Float>()
        for channel in 0..<unit.outputChannels {
          let values = sums.values.indices.filter { $0 / area % unit.outputChannels == channel }
            .map { sums.values[$0] - 1000 }
          let mean = values.reduce(0, +) / Double(values.count)
          let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
          let size = variance.squareRoot()
          means.append(Float(mean + size * random.unit() * 0.2))
          variances.append(Float(max(variance, 1e-9) * (1 + 0.3 * random.unit())))
        }
        table.tensors["\(unit.normName).running_mean"] = means
        table.tensors["\(unit.normName).running_var"] = variances
      }
      map = try ReferenceEngine(tree, weights: table, threads: threads).runStage(stage, map).output
        .converted()
    }
    return table
  }
}

extension ResidualBlock {
  var units: [ConvolutionUnit] { body + [downsample].compactMap(\.self) }
}

/// Numbers that depend only on a seed.
struct Numbers {
  private var counter: UInt64

  init(seed: UInt64) { counter = SplitMix64.at(seed) }

  mutating func next() -> UInt64 {
    counter &+= 1
    return SplitMix64.at(counter)
  }

  mutating func next(below bound: Int) -> Int { Int(next() % UInt64(bound)) }

  /// Uniform in [-1, 1).
  mutating func unit() -> Double {
    counter &+= 1
    return Double(SplitMix64.unit(counter))
  }

  /// `10^-u`, u uniform in [0, spread).
  mutating func power(_ spread: Double) -> Double {
    var value = 1.0
    let steps = Int((unit() + 1) * spread * 4)
    for _ in 0..<steps { value *= 0.749_894_209 }  // 10^(-1/8)
    return value
  }

  mutating func floats(_ count: Int, _ size: Float, around middle: Float = 0) -> ContiguousArray<Float> {
    ContiguousArray((0..<count).map { _ in middle + size * Float(unit()) })
  }
}

enum Images {
  /// Noise of several scales, a different mean per channel, no symmetry.
  static func noise(_ shape: [Int], seed: UInt64) -> FeatureMap<Float> {
    var random = Numbers(seed: seed)
    let (height, width) = (shape[2], shape[3])
    var values: [Float] = []
    for _ in 0..<shape[0] {
      for channel in 0..<shape[1] {
        var plane = [Float](repeating: Float(channel) * 0.4 - 0.3, count: height * width)
        for scale in [1, 2, 4, 8, 16] {
          let columns = width / scale + 1
          let cells = random.floats(columns * (height / scale + 1), 0.6)
          for y in 0..<height {
            for x in 0..<width { plane[y * width + x] += cells[y / scale * columns + x / scale] }
          }
        }
        values += plane
      }
    }
    return FeatureMap(shape: shape, values: values)
  }
}
