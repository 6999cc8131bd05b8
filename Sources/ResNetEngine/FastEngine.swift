public import ResNetArchitecture
public import SWTThreads

/// Computes the network in `float32` with the kernels of one instruction set.
///
/// Results have the same bits for every number of threads and for an image alone or in a batch; instruction
/// sets other than ``InstructionSet/portable`` agree among each other. Taps of a block's last convolution are
/// not available (``InferenceError/fusedTap(_:)``): it is computed together with the residual sum.
///
/// One engine runs one image at a time; make one for each task, they may share a ``PackedNetwork``.
public final class FastEngine: ForwardEngine {
  /// The weights, shared with other engines.
  public let network: PackedNetwork
  /// The instruction set of all its kernels.
  public let instructions: InstructionSet
  /// The threads that compute.
  public let threads: ThreadPool
  private(set) var plan: Plan
  private(set) var arena: FloatStorage

  public var tree: LayerTree { network.tree }
  /// Bytes of working memory for the last image size.
  public var arenaBytes: Int { arena.count * MemoryLayout<Float>.stride }

  /// Plans for images of `height` by `width`, or the least that fit the kernels; other sizes are planned when
  /// they
  /// come.
  ///
  /// - Precondition: `instructions` is supported here.
  public init(
    _ network: PackedNetwork, height: Int = 224, width: Int = 224, threads: ThreadPool,
    instructions: InstructionSet = .best
  ) {
    precondition(instructions.isSupported, "this processor lacks \(instructions)")
    self.network = network
    self.threads = threads
    self.instructions = instructions
    plan = Plan(
      network, height: network.tree.acceptedSize(from: height),
      width: network.tree.acceptedSize(from: width), instructions: instructions, threads: threads.count)
    arena = FloatStorage(count: plan.arenaCount)
  }

  public func run(_ input: FeatureMap<Float>, taps: Set<String>) throws -> ForwardResult<Float> {
    try input.require([-1, tree.stem.inputChannels, -1, -1])
    try plan(height: input.shape[2], width: input.shape[3])
    return try run(plan.stages[...], input, taps)
  }

  public func runStage(
    _ stage: String, _ input: FeatureMap<Float>, taps: Set<String>
  ) throws -> ForwardResult<Float> {
    let index = try place(of: stage, fedWith: input)
    return try run(plan.stages[index...index], input, taps)
  }

  // MARK: - Planning

  /// The place of a stage in the plan, which is then one for an input of this shape.
  ///
  /// - Throws: ``InferenceError``.
  func place(of stage: String, fedWith input: FeatureMap<Float>) throws -> Int {
    let name = try tree.stage(ofTap: stage)
    guard let index = plan.stages.firstIndex(where: { $0.name == name }) else {
      throw InferenceError.unknownTap(stage)
    }
    let channels = plan.stages[index].input.layout.channels
    if name == tree.head?.name {
      try input.require([-1, channels])
    } else {
      try input.require([-1, channels, -1, -1])
      try prepare(stage: index, height: input.shape[2], width: input.shape[3])
    }
    return index
  }

  /// Makes the plan for images of this size, unless it is there already, or unless they are too small for the
  /// network's kernels.
  public func prepare(height: Int, width: Int) { try? plan(height: height, width: width) }

  /// - Throws: ``InferenceError/imageTooSmall(height:width:)``.
  func plan(height: Int, width: Int) throws(InferenceError) {
    if (plan.height, plan.width) == (height, width) { return }
    try tree.requireSize(height, width)
    plan = Plan(
      network, height: height, width: width, instructions: instructions, threads: threads.count)
    if plan.arenaCount > arena.count { arena = FloatStorage(count: plan.arenaCount) }
  }

  /// Plans for an image whose stage `stage` has an input of this size.
  ///
  /// - Throws: ``InferenceError/imageTooSmall(height:width:)`` if no image has such an input.
  private func prepare(stage: Int, height: Int, width: Int) throws(InferenceError) {
    let now = plan.stages[stage].input
    if (now.height, now.width) == (height, width) { return }
    guard let rows = tree.imageSize(for: height, enteringStage: stage),
      let columns = tree.imageSize(for: width, enteringStage: stage)
    else { throw .imageTooSmall(height: height, width: width) }
    try plan(height: rows, width: columns)
  }

  // MARK: - Running

  func run(
    _ stages: ArraySlice<Plan.Stage>, _ input: FeatureMap<Float>, _ taps: Set<String>
  ) throws -> ForwardResult<Float> {
    guard let first = stages.first, let last = stages.last else {
      preconditionFailure("a network has stages")
    }
    var wanted: [String: Activation] = [:]
    for tap in taps {
      wanted[tap] = try activation(ofTap: tap, in: stages)
    }
    let batch = input.shape[0]
    var output = FeatureMap<Float>(shape: shape(last.output, of: last.name, batch))
    var kept: [String: FeatureMap<Float>] = [:]
    for (tap, activation) in wanted {
      kept[tap] = FeatureMap(shape: shape(activation, of: tree.canonicalTap(tap), batch))
    }
    let calls = unsafe self.calls
    func keep(_ name: String, _ activation: Activation, image: Int) {
      for tap in wanted.keys where tree.canonicalTap(tap) == name {
        unsafe calls.store(activation, into: &kept[tap, default: output].values, image: image)
      }
    }
    for image in 0..<batch {
      unsafe calls.load(input.values, image: image, into: first.input)
      for stage in stages {
        for step in stage.steps {
          unsafe calls.run(step)
          if let tap = step.tap, !wanted.isEmpty { keep(tap, step.output, image: image) }
        }
        if !wanted.isEmpty { keep(stage.name, stage.output, image: image) }
      }
      unsafe calls.store(last.output, into: &output.values, image: image)
    }
    return ForwardResult(output: output, taps: kept)
  }

  /// What a run calls.
  @unsafe var calls: KernelCalls {
    unsafe KernelCalls(
      network: network, plan: plan, arena: arena.base, isa: instructions.kernelValue, threads: threads)
  }

  private func shape(_ activation: Activation, of stage: String, _ batch: Int) -> [Int] {
    let isVector = stage == "avgpool" || stage == tree.head?.name
    return [batch] + (isVector ? [activation.layout.channels] : activation.shape)
  }

  private func activation(
    ofTap tap: String, in stages: ArraySlice<Plan.Stage>
  ) throws(InferenceError) -> Activation {
    let name = tree.canonicalTap(tap)
    let stageName = try tree.stage(ofTap: name)
    guard let stage = stages.first(where: { $0.name == stageName }) else {
      throw .unknownTap(tap)
    }
    if stage.name == name { return stage.output }
    guard let step = stage.steps.first(where: { $0.tap == name }) else { throw .fusedTap(tap) }
    return step.output
  }
}
