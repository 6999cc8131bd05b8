import CAllocations
import EngineTestSupport
import ResNetArchitecture
import ResNetEngine
internal import SWTThreads
import Testing

/// A run into a map that is there already asks for no memory at all: no array, no closure, no box.
@Suite(.enabled(if: p2s_allocations_counted() == 1))
struct AllocationTests {
  /// Blocks that this thread asks for while `body` runs.
  private static func blocks(_ body: () throws -> Void) rethrows -> Int64 {
    let before = p2s_allocations()
    try body()
    return p2s_allocations() - before
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var small: SmallCase
    var threads: Int
    var precision = ComputePrecision.f32
    var isa = EngineTests.vectors[EngineTests.vectors.count - 1]
    var testDescription: String { "\(small), \(threads) threads, \(precision), \(isa)" }
    static let all = (SmallCase.all + SmallCase.variants).flatMap { small in
      [1, 2].map { Case(small: small, threads: $0) }
        + [.bf16, .i8].map { Case(small: small, threads: 2, precision: $0) }
        + ComputePrecision.allCases.map {
          Case(small: small, threads: 2, precision: $0, isa: .amxEmulated)
        }
    }
  }

  @Test(arguments: Case.all)
  func `a run allocates nothing`(one: Case) throws {
    let tree = LayerTree(one.small.architecture)
    let threads = ThreadPool(count: one.threads)
    let network = try PackedNetwork(
      tree, weights: tree.randomWeights(seed: 7), threads: threads, instructions: one.isa,
      precision: one.precision)
    let engine = FastEngine(network, height: 8, width: 8, threads: threads)
    let input = FeatureMap<Float>.random(
      [one.small.batch, 3, one.small.height, one.small.width], seed: 8)
    var output = FeatureMap<Float>(shape: [0])
    #expect(try Self.blocks { try engine.run(input, into: &output) } > 0, "the first run plans")
    #expect(try Self.blocks { for _ in 0..<5 { try engine.run(input, into: &output) } } == 0)
    #expect(try engine.run(input).output == output)
  }

  @Test func `allocations are seen`() throws {
    #expect(Self.blocks { blackHole([Int](repeating: 1, count: blackHole(100))) } == 1)
    let value = blackHole(3)
    #expect(Self.blocks { blackHole({ value }) } == 1, "a closure that captures")
  }

  @Test func `an output that someone else holds is not written to`() throws {
    let tree = LayerTree(SmallCase.all[0].architecture)
    let threads = ThreadPool(count: 1)
    let network = try PackedNetwork(tree, weights: tree.randomWeights(seed: 7), threads: threads)
    let engine = FastEngine(network, threads: threads)
    var output = try engine.run(.random([1, 3, 32, 32], seed: 1)).output
    let kept = output
    let values = kept.values.map(\.bitPattern)
    try engine.run(.random([1, 3, 32, 32], seed: 2), into: &output)
    #expect(kept.values.map(\.bitPattern) == values)
    #expect(output != kept)
  }

  @Test func `wrong inputs are refused`() throws {
    let tree = LayerTree(SmallCase.all[0].architecture)
    let threads = ThreadPool(count: 1)
    let network = try PackedNetwork(tree, weights: tree.randomWeights(seed: 7), threads: threads)
    let engine = FastEngine(network, threads: threads)
    for shape in [[3, 8, 8], [1, 4, 8, 8], [0, 3, 8, 8], [1, 3, 0, 8], [1, 3, 8, 0]] {
      var output = FeatureMap<Float>(shape: [0])
      let values = shape.reduce(1, *)
      #expect(throws: InferenceError.wrongInput(expected: [-1, 3, -1, -1], actual: shape, values: values)) {
        try engine.run(FeatureMap(shape: shape), into: &output)
      }
    }
  }
}

/// Something that the optimiser cannot see through.
@inline(never) @discardableResult
private func blackHole<T>(_ value: T) -> T { value }
