public import ResNetArchitecture
public import SWTThreads

/// Computes the network in `float32` with the kernels of one instruction set.
///
/// Results have the same bits for every number of threads and for an image alone or in a batch. Instruction
/// sets other than ``InstructionSet/portable`` and ``InstructionSet/amx`` agree among each other, and the
/// latter with ``InstructionSet/amxEmulated``. Taps of a block's last convolution are not available
/// (``InferenceError/fusedTap(_:)``): it is computed together with the residual sum.
///
/// All threads compute one image together; of a batch, each thread computes its own images, up to eight at a
/// time, which read the weights of the late stages together.
///
/// One engine runs one batch at a time; make one for each task, they may share a ``PackedNetwork``.
public final class FastEngine: ForwardEngine {
  /// The weights, shared with other engines.
  public let network: PackedNetwork
  /// The instruction set of all its kernels.
  public let instructions: InstructionSet
  /// The threads that compute.
  public let threads: ThreadPool
  private(set) var plan: Plan
  private(set) var arena: FloatStorage
  /// How each thread computes its part of a batch.
  private(set) var batchPlan: Plan?
  private(set) var batchArena: FloatStorage?
  /// The images for each thread that ``batchPlan`` was made for.
  private var batchImages = 0

  public var tree: LayerTree { network.tree }
  /// Bytes of working memory for the last image size, and the largest batch.
  public var arenaBytes: Int { (arena.count + (batchArena?.count ?? 0)) * MemoryLayout<Float>.stride }

  /// Plans for images of `height` by `width`, or the least that fit the kernels; other sizes are planned when
  /// they come.
  ///
  /// `instructions` are those that the network is packed for, unless given: all sets without tiles share
  /// their packing, for bfloat16 those that multiply it in the same way.
  ///
  /// - Precondition: `instructions` is supported here, and the network is packed for it.
  public init(
    _ network: PackedNetwork, height: Int = 224, width: Int = 224, threads: ThreadPool,
    instructions: InstructionSet? = nil
  ) {
    let instructions = instructions ?? network.instructions
    precondition(instructions.isSupported, "this processor lacks \(instructions)")
    precondition(
      instructions.sharesPacking(with: network.instructions, network.precision),
      "the network is packed for \(network.instructions)")
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
    return try run(plan.stages.indices, input, taps)
  }

  public func runStage(
    _ stage: String, _ input: FeatureMap<Float>, taps: Set<String>
  ) throws -> ForwardResult<Float> {
    let index = try place(of: stage, fedWith: input)
    return try run(index..<index + 1, input, taps)
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

  /// The most images that a thread takes together: with eight, an eighth of the weights' traffic is left.
  private static let mostImages = 8
  /// What arenas for a batch may take in all, unless one image for each thread takes more: 256 MiB.
  private static let batchFloats = 64 << 20

  /// Plans for a batch of the planned size, of which each thread computes a part.
  func prepareBatch(_ count: Int) {
    var images = max(1, min(Self.mostImages, count / threads.count))
    if let batchPlan, (batchPlan.height, batchPlan.width) == (plan.height, plan.width), batchImages >= images
    {
      return
    }
    batchImages = images
    var made = Plan(
      network, height: plan.height, width: plan.width, instructions: instructions, threads: 1, images: images)
    while images > 1, threads.count * made.arenaCount > Self.batchFloats {
      images = (images + 1) / 2
      made = Plan(
        network, height: plan.height, width: plan.width, instructions: instructions, threads: 1,
        images: images)
    }
    batchPlan = made
    let floats = threads.count * made.arenaCount
    if floats > batchArena?.count ?? 0 { batchArena = FloatStorage(count: floats) }
  }
}
