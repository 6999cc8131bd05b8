import ResNetArchitecture
import ResNetEngine
import SWTChecksums
internal import SWTConsole
import SWTDigests
import SWTGoldens
import SWTTensorFiles
internal import SWTThreads
import SWTVerification

/// Goldens from the float64 engine, with floors measured over correct float32 engines.
struct GoldenMaker {
  /// The stored part of each stage.
  enum Taps { case full, sampled(Int), none }

  let network: SmallNetwork
  let threads = ThreadPool(count: 2)
  var taps = Taps.full
  var recordsDigests = true
  var recordsFloors = true
  var input: FeatureMap<Float>

  init(_ network: SmallNetwork, input: FeatureMap<Float>) {
    self.network = network
    self.input = input
  }

  /// Errors of the instruction sets and of Winograd convolution, by stage; the same for every fault.
  func floors(
    of sets: [InstructionSet] = InstructionSet.allCases, winograd forms: [Bool] = [false, true]
  ) throws -> [String: Golden.Floor] {
    let tree = network.tree
    let stages = Set(tree.tapNames)
    let exact = try ReferenceEngine(tree, weights: network.weights, threads: threads).run(input, taps: stages)
    var floors: [String: Golden.Floor] = [:]
    for instructions in sets where instructions.isSupported {
      for winograd in forms {
        let packed = try PackedNetwork(
          tree, weights: network.weights, threads: threads, instructions: instructions, winograd: winograd)
        let engine = FastEngine(packed, threads: threads, instructions: instructions)
        for (stage, map) in try engine.run(input, taps: stages).taps {
          guard let reference = exact.taps[stage] else { continue }
          let metrics = ErrorMetrics(map.values.map { Double($0) }, reference: reference.values)
          let old = floors[stage]
          floors[stage] = .init(
            relL2: max(metrics.relL2, old?.relL2 ?? 0x1p-24),
            maxOverStd: max(metrics.maxOverStd, old?.maxOverStd ?? 0x1p-24))
        }
      }
    }
    return floors
  }

  /// A golden of `weights` with `deviation` for `fed`; it records `network`'s digests and its own input.
  func golden(
    _ floors: [String: Golden.Floor], weights: WeightTable? = nil, deviation: Deviation = Deviation(),
    fed: FeatureMap<Float>? = nil
  ) throws -> Golden {
    let tree = network.tree
    let engine = ReferenceEngine(
      tree, weights: weights ?? network.weights, threads: threads, deviation: deviation)
    let result = try engine.run(fed ?? input, taps: Set(tree.tapNames))
    var metadata = Self.metadata(tree)
    if recordsFloors {
      for stage in tree.tapNames {
        guard let floor = floors[stage] else { continue }
        let name = stage == tree.tapNames.last ? tree.outputName : stage
        metadata.append(("floor.\(name).rel_l2", "\(floor.relL2)"))
        metadata.append(("floor.\(name).max", "\(floor.maxOverStd)"))
      }
    }
    if recordsDigests {
      for (name, digest) in Self.digests(network.weights) { metadata.append(("digest.\(name)", digest.hex)) }
    }
    var tensors = [
      Golden.Stored(
        name: "\(tree.outputName)_f64",
        TensorData(shape: result.output.shape, doubles: result.output.values)),
      Golden.Stored(name: "input", TensorData(shape: input.shape, floats: input.values)),
    ]
    for stage in tree.tapNames where stage != tree.tapNames.last || tree.head == nil {
      guard let map = result.taps[stage] else { continue }
      switch taps {
      case .none: break
      case .full:
        tensors.append(
          .init(name: "tap.\(stage)", TensorData(shape: map.shape, floats: map.values.map { Float($0) })))
      case .sampled(let count):
        let seed = UInt64(stage.utf8.reduce(7) { $0 &* 31 &+ Int($1) })
        let indices = GoldenTap.indices(seed: seed, count: count, of: map.values.count)
        tensors.append(
          .init(
            name: "tap.\(stage).values",
            TensorData(shape: [count], floats: indices.map { Float(map.values[$0]) })))
        metadata.append(("tap.\(stage).seed", "\(seed)"))
        metadata.append(
          ("tap.\(stage).shape", map.shape.map { String($0) }.joined(separator: ",")))
        metadata += Self.statistics(stage, map.values)
      }
    }
    return try Golden(metadata: OrderedStrings(metadata), tensors: tensors)
  }

  private static func statistics(_ stage: String, _ values: [Double]) -> [(String, String)] {
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    let l2 = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let largest = values.map(abs).max() ?? 0
    return [
      ("tap.\(stage).mean", "\(mean)"), ("tap.\(stage).std", "\(variance.squareRoot())"),
      ("tap.\(stage).absmax", "\(largest)"), ("tap.\(stage).l2", "\(l2)"),
    ]
  }

  private static func metadata(_ tree: LayerTree) -> [(String, String)] {
    let about = tree.architecture
    return [
      ("pth2swt.golden", "1"), ("name", "small"), ("producer", "double engine"),
      ("arch.block", about.block.rawValue),
      ("arch.layers", about.layers.map { String($0) }.joined(separator: ",")),
      ("arch.groups", "\(about.groups)"), ("arch.width_per_group", "\(about.widthPerGroup)"),
      ("arch.base_planes", "\(about.basePlanes)"), ("arch.stem_channels", "\(about.stemChannels)"),
      ("arch.num_classes", "\(about.classCount ?? 1000)"), ("arch.head", about.hasHead ? "fc" : "none"),
      ("arch.in_channels", "\(about.inputChannels)"),
    ]
  }

  static func digests(_ weights: WeightTable) -> [String: SHA256Digest] {
    weights.tensors.mapValues { SystemDigests().sha256(ElementCoding.bytes(Array($0))) }
  }
}
