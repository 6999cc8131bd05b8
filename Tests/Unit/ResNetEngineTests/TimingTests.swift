import EngineTestSupport
import ResNetArchitecture
import ResNetEngine
internal import SWTThreads
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Not checks but measurements, for `P2S_TIMINGS=1 swift test -c release --filter TimingTests`.
@Suite(.serialized, .enabled(if: unsafe getenv("P2S_TIMINGS") != nil))
struct TimingTests {
  private static func milliseconds(_ body: () throws -> Void) rethrows -> Double {
    let duration = try ContinuousClock().measure(body)
    let (seconds, attoseconds) = duration.components
    return Double(seconds) * 1e3 + Double(attoseconds) / 1e15
  }

  @Test(arguments: ["resnext50_32x4d", "resnet50", "resnext101_32x8d", "resnext101_64x4d"])
  func `forward`(name: String) throws {
    let tree = LayerTree(try #require(Architecture.named(name)))
    let weights = tree.randomWeights(seed: 1)
    let input = FeatureMap<Float>.random([1, 3, 224, 224], seed: 2)
    for count in [1, 2] {
      let threads = ThreadPool(count: count)
      let packing = try (0..<3).map { _ in
        try Self.milliseconds { _ = try PackedNetwork(tree, weights: weights, threads: threads) }
      }
      print(name, "threads", count, "packing ms", packing)
      for isa in InstructionSet.allCases where isa.isSupported {
        let network = try PackedNetwork(tree, weights: weights, threads: threads, instructions: isa)
        let engine = FastEngine(network, threads: threads)
        let runs = try (0..<(isa == .portable ? 3 : 20)).map { _ in
          try Self.milliseconds { _ = try engine.run(input) }
        }.sorted()
        print(name, "threads", count, isa, "min", runs[0], "median", runs[runs.count / 2], engine.arenaBytes)
      }
      let reference = ReferenceEngine(tree, weights: weights, threads: threads)
      let time = try Self.milliseconds { _ = try reference.run(input) }
      print(name, "threads", count, "reference ms", time)
    }
  }

  @Test(arguments: ["resnext50_32x4d", "resnet50"])
  func `reduced precision`(name: String) throws {
    let tree = LayerTree(try #require(Architecture.named(name)))
    let weights = tree.randomWeights(seed: 1)
    let input = FeatureMap<Float>.random([1, 3, 224, 224], seed: 2)
    for count in [1, 2] {
      let threads = ThreadPool(count: count)
      let engines = try ComputePrecision.allCases.map { precision in
        FastEngine(
          try PackedNetwork(tree, weights: weights, threads: threads, precision: precision), threads: threads)
      }
      // Interleaved, so that all have the same weather.
      var times = [[Double]](repeating: [], count: engines.count)
      for _ in 0..<40 {
        for (index, engine) in engines.enumerated() {
          times[index].append(try Self.milliseconds { _ = try engine.run(input) })
        }
      }
      let minima = times.map { $0.min() ?? 0 }
      let medians = times.map { $0.sorted()[$0.count / 2] }
      for (index, engine) in engines.enumerated() {
        print(
          name, "threads", count, engine.network.precision, "min", minima[index], "median", medians[index],
          "ratio", minima[0] / minima[index], medians[0] / medians[index], "arena", engine.arenaBytes)
      }
    }
    let threads = ThreadPool(count: 2)
    for precision in ComputePrecision.allCases {
      for isa in InstructionSet.allCases where isa.isSupported && isa != .best {
        let network = try PackedNetwork(
          tree, weights: weights, threads: threads, instructions: isa, precision: precision)
        let engine = FastEngine(network, threads: threads, instructions: isa)
        let runs = try (0..<3).map { _ in try Self.milliseconds { _ = try engine.run(input) } }
        print(name, "threads 2", isa, precision, "min", runs.min() ?? 0)
      }
    }
    let exact = try ReferenceEngine(tree, weights: weights, threads: threads).run(input).output
    for precision in ComputePrecision.allCases {
      let network = try PackedNetwork(tree, weights: weights, threads: threads, precision: precision)
      let output = try FastEngine(network, threads: threads).run(input).output
      let emulated = try ReferenceEngine(tree, weights: weights, threads: threads, emulating: precision).run(
        input)
      print(
        name, precision, "relL2", relativeError(output, exact), "emulated",
        relativeError(emulated.output.converted(), exact))
    }
  }
}
