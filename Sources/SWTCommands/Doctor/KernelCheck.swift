internal import ResNetArchitecture
internal import ResNetEngine
internal import SWTThreads

/// A small network computed with each instruction set of this machine, compared with the double-precision
/// engine.
///
/// This is not a test of the kernels, which have their own: it detects a processor, an emulator or a build
/// that computes incorrectly.
struct KernelCheck {
  let instructions: InstructionSet
  /// Relative L2 error of the logits; nil if the engine did not run.
  let error: Double?

  /// Whether the error is small enough; rounding alone gives about 1e-6 after these few layers.
  var passes: Bool { error.map { $0 < 1e-4 } ?? false }

  /// Checks each instruction set that this machine supports.
  static func run() -> [KernelCheck] {
    let tree = LayerTree(
      Architecture(
        block: .bottleneck, layers: [1, 1, 1, 1], groups: 8, widthPerGroup: 16, classCount: 10, basePlanes: 16
      ))
    let weights = tree.syntheticWeights()
    // Odd sizes exercise the edges of tiles.
    let image = FeatureMap.synthetic([1, tree.stem.inputChannels, 67, 61])
    let pool = ThreadPool()
    let expected = try? ReferenceEngine(tree, weights: weights, threads: pool).run(image).output.values
    return InstructionSet.allCases.filter(\.isSupported).map { instructions in
      let packed = try? PackedNetwork(tree, weights: weights, threads: pool, instructions: instructions)
      let engine = packed.map {
        FastEngine($0, height: 67, width: 61, threads: pool, instructions: instructions)
      }
      guard let expected, let values = try? engine?.run(image).output.values else {
        return KernelCheck(instructions: instructions, error: nil)
      }
      var (difference, norm) = (0.0, 0.0)
      for (value, reference) in zip(values, expected) {
        difference += (Double(value) - reference) * (Double(value) - reference)
        norm += reference * reference
      }
      return KernelCheck(instructions: instructions, error: (difference / norm).squareRoot())
    }
  }
}
