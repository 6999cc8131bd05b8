package import ResNetArchitecture
package import SWTThreads

extension FastEngine {
  /// Computes the network from one stage on, given what the stage before put out.
  ///
  /// - Parameters:
  ///   - stage: As ``runStage(_:_:taps:)`` has it.
  ///   - input: `[N, C, H, W]`, for the classifier `[N, C]`.
  ///   - taps: Names of layers from that stage on whose output to keep.
  /// - Returns: The output of the last stage, and the taps.
  /// - Throws: ``InferenceError``.
  package func run(
    from stage: String, _ input: FeatureMap<Float>, taps: Set<String> = []
  ) throws -> ForwardResult<Float> {
    let index = try place(of: stage, fedWith: input)
    return try run(index..<plan.stages.count, input, taps)
  }

  /// Computes the stages from `first` to `last`, given what the stage before `first` put out.
  ///
  /// - Throws: ``InferenceError``.
  package func run(
    from first: String, through last: String, _ input: FeatureMap<Float>
  ) throws -> FeatureMap<Float> {
    let start = try place(of: first, fedWith: input)
    guard let end = plan.stages.indices.first(where: { $0 >= start && plan.stages[$0].name == last }) else {
      throw InferenceError.unknownTap(last)
    }
    return try run(start..<end + 1, input, []).output
  }
}

/// A packed network whose layers can be exchanged one at a time, for many runs of almost the same weights.
///
/// Packing a whole network costs more than running it. This one owns its copy, so that nobody else can see a
/// layer change.
package final class ChangingNetwork {
  package let engine: FastEngine
  private let network: PackedNetwork

  /// Packs all of `source`.
  ///
  /// - Throws: what ``PackedNetwork`` throws.
  package init(
    _ tree: LayerTree, weights source: some WeightSource, threads: ThreadPool,
    instructions: InstructionSet = .best
  ) throws {
    network = try PackedNetwork(tree, weights: source, threads: threads, instructions: instructions)
    engine = FastEngine(network, threads: threads, instructions: instructions)
  }

  /// Another engine over the same, changing weights, planned for images of this size.
  package func makeEngine(height: Int, width: Int) -> FastEngine {
    FastEngine(
      network, height: height, width: width, threads: engine.threads, instructions: engine.instructions)
  }

  /// Packs one layer anew, as `source` has it now: `conv1`, `layer2.0.conv2`, `fc`.
  ///
  /// - Throws: ``InferenceError/unknownTap(_:)``, or what `source` throws.
  package func repack(_ layer: String, from source: some WeightSource) throws {
    if let packed = network.convolutions[layer] {
      try network.pack(packed, from: source, engine.threads)
    } else if let product = network.products[layer] {
      try network.pack(product, from: source, engine.threads)
    } else if let dense = network.dense[layer] {
      try network.pack(dense, from: source, engine.threads)
    } else {
      throw InferenceError.unknownTap(layer)
    }
  }
}
