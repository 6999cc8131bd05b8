import EngineTestSupport
import ResNetArchitecture
import ResNetEngine
internal import SWTThreads
import Testing

@Suite struct ProfileTests {
  private static func profile(_ name: String, batch: Int = 1, size: Int = 64) throws -> [StepProfile] {
    let tree = LayerTree(try #require(Architecture.named(name)))
    let threads = ThreadPool(count: 1)
    let network = try PackedNetwork(tree, weights: tree.randomWeights(seed: 1), threads: threads)
    let engine = FastEngine(network, height: size, width: size, threads: threads)
    return try engine.profile(.random([batch, 3, size, size], seed: 2), runs: 2)
  }

  @Test(arguments: ["resnet18", "resnext50_32x4d"], [1, 2])
  func `steps have the names and multiply-adds of the layer tree`(name: String, batch: Int) throws {
    let tree = LayerTree(try #require(Architecture.named(name)))
    let steps = try Self.profile(name, batch: batch)
    #expect(
      steps.reduce(0) { $0 + $1.multiplyAdds } == batch * LayerTable(tree, imageSize: 64).multiplyAdds)
    let names = tree.convolutions.map(\.name) + ["input", "maxpool", "avgpool", "fc", "output"]
    #expect(steps.map(\.name).sorted() == names.sorted())
    #expect(steps.first?.name == "input")
    #expect(steps.last?.name == "output")
  }

  @Test func `each step has a kind, bytes and times`() throws {
    let steps = try Self.profile("resnext50_32x4d")
    let kinds = Set(steps.map(\.kind))
    let expected: Set<String> = [
      "copy", "7×7 stride 2", "max-pool", "1×1", "1×1 stride 2", "grouped 3×3", "grouped 3×3 stride 2",
      "mean",
      "fc",
    ]
    #expect(kinds == expected)
    for step in steps {
      #expect(step.minimum >= 0 && step.minimum <= step.median, "\(step.name)")
      #expect((step.gigaflops > 0) == (step.multiplyAdds > 0), "\(step.name)")
      #expect(!step.form.isEmpty)
    }
    // fc: 1000 × 2048 weights, 1000 biases, 2048 numbers in, 1000 out (to whole blocks of 16).
    let head = try #require(steps.first { $0.name == "fc" })
    #expect(head.bytes == 4 * (2_048_000 + 1000 + 2048 + 1008))
  }

  @Test func `ordinary and grouped convolutions are different kinds`() throws {
    let kinds = Set(try Self.profile("resnet18").map(\.kind))
    #expect(kinds.isSuperset(of: ["3×3", "3×3 stride 2"]))
    #expect(!kinds.contains("grouped 3×3"))
  }

  @Test(arguments: InstructionSet.allCases.filter(\.isSupported), ComputePrecision.allCases)
  func `the peak is a rate`(isa: InstructionSet, numbers: ComputePrecision) {
    let rate = PeakRate.measure(numbers, isa, threads: ThreadPool(count: 1))
    if numbers == .f32 { #expect((rate ?? 0) > 0) }
    if let rate { #expect(rate.isFinite && rate > 0.1 && rate < 1e6) }
  }
}
