internal import CKernels
internal import ResNetArchitecture

/// Everything about a run that depends on the image size and not on the image: what to call in which order,
/// how work is cut, and where results lie in the arena. Cheap to make.
///
/// A plan for several images takes them one after the other through the early stages, whose maps are large
/// and whose weights fit a cache, and together through the late ones, step by step, so that they read those
/// weights together. In the arena what late stages touch is there once for each image, the rest once.
struct Plan: Sendable {
  /// One kernel call.
  struct Step: Sendable {
    enum Kernel: Sendable {
      /// `segments` say which floats one output pixel reads.
      case tiles(PackedConvolution, [p2s_segment], Partition, residual: Bool, relu: Bool)
      case lanes(PackedConvolution)
      /// `segments` are the blocks of a strip of `strip` tiles; `transformed` is a buffer of the arena.
      case winograd(
        PackedConvolution, [p2s_segment], strip: Int, transformed: Int, residual: Bool, relu: Bool)
      /// Makes the copy that the reduced convolutions after it read.
      case reduce(ReducedCopy)
      case reducedTiles(
        ReducedConvolution, ReducedCopy, [p2s_segment], Partition, residual: Bool, relu: Bool)
      case reducedLanes(ReducedConvolution, ReducedCopy)
      /// Rounds the input to bfloat16, into an output of float32.
      case round
      /// Makes the copy that products of tiles after it read.
      case lines(LineCopy)
      case products(ProductConvolution, ProductCut)
      case maxPool
      /// Pooling other than the usual, for which ``maxPool`` and ``averagePool(_:)`` have faster kernels.
      case window(PoolUnit)
      /// Of whole planes, for the layer of that name.
      case mean(String)
      /// The largest of whole planes, for the layer of that name.
      case largest(String)
      case dense(PackedDense)
      case averagePool(String)
      case padding(PaddedShortcut)
      /// Zeros the halo of `output`, where the kernel before did not.
      case border
      /// A gate's layer that sees neighboring channels' means.
      case neighbors(PackedDense)
      /// Adds the gated input to the output; the gates are in this activation.
      case gate(Activation)
    }
    var kernel: Kernel
    var input, output: Activation
    /// Name of the tap that `output` is after this step, if any.
    var tap: String?
  }

  /// Steps that belong together: one entry of ``LayerTree/tapNames``.
  struct Stage: Sendable {
    var name: String
    var input, output: Activation
    /// What steps before this stage found about its input, and this stage uses.
    var inputMagnitudes: Magnitudes?
    var steps: [Step] = []
  }

  let height, width: Int
  private(set) var stages: [Stage] = []
  /// The number of each stage's first step, over all stages.
  private(set) var firstSteps: [Int] = []
  /// Offset of each buffer in the arena, in floats.
  private(set) var offsets: [Int] = []
  /// Floats between a buffer of one image and of the next; 0 where images take turns.
  private(set) var imageSteps: [Int] = []
  /// Floats of the arena.
  private(set) var arenaCount = 0
  /// The first stage that images go through together; the number of stages where there is none.
  private(set) var firstJointStage = Int.max

  let network: PackedNetwork
  let instructions: InstructionSet
  let threads: Int
  /// The most images that go through the late stages together.
  let images: Int
  var lifetimes: [Lifetime] = []
  /// The copies of the stage being planned, by the buffer they are copies of.
  var copies: [Int: ReducedCopy] = [:]
  var lineCopies: [Int: LineCopy] = [:]
  var roundedCopies: [Int: Activation] = [:]
  /// Where the largest magnitudes of an activation are, by its buffer, when its kernel found them.
  var magnitudes: [Int: Magnitudes] = [:]
  /// Names of the stages whose output is bfloat16.
  let bfloatStages: Set<String>

  /// Plans the network for images of `height` by `width`, up to `images` of them at a time.
  init(
    _ network: PackedNetwork, height: Int, width: Int, instructions: InstructionSet, threads: Int,
    images: Int = 1
  ) {
    self.network = network
    self.height = height
    self.width = width
    self.instructions = instructions
    self.threads = threads
    self.images = images
    let tree = network.tree
    bfloatStages = tree.bfloatStages(
      products: Set(network.products.values.filter { $0.split == .P2S_SPLIT_BF16 }.map(\.unit.name)))
    let image = activation(
      .plain(tree.stem.inputChannels), height, width, halo: tree.stem.units[0].padding, isPlanar: true)
    // The 3×3 of a basic block reads block inputs directly, and needs their halo; that of all is the same,
    // because an output may take its input's place.
    let halo = tree.blocks.map { $0.body[0].padding }.max() ?? 0

    var map = addStage(tree.stem.name, image) { plan in
      plan.stem(tree.stem, image, halo: tree.maxPool == nil ? halo : 0)
    }
    if let pool = tree.maxPool {
      map = addStage(pool.name, map) { plan in
        guard let blur = tree.poolBlur else { return plan.pool(pool, map, halo: halo) }
        return plan.pool(blur, plan.pool(pool, map, halo: 0), halo: halo)
      }
    }
    for block in tree.blocks {
      if !isJoint, images > 1, isHeavy(block, map) { firstJointStage = stages.count }
      map = addStage(block.name, map) { plan in plan.block(block, map, halo: halo) }
    }
    if !isJoint, images > 1 { firstJointStage = stages.count }
    if let head = tree.head, let packed = network.dense[head.name] {
      map = addStage("avgpool", map) { plan in
        plan.add(
          tree.architecture.finalPool == .average ? .mean("avgpool") : .largest("avgpool"), map,
          plan.activation(.plain(head.inputFeatures), 1, 1, halo: 0))
      }
      map = addStage(head.name, map) { plan in
        plan.add(.dense(packed), map, plan.activation(.plain(head.outputFeatures), 1, 1, halo: 0))
      }
    }
    place()
  }

  /// By measurement: eight images of ResNeXt-50's last stage (15) take a tenth less time together, those of
  /// the stage before (2) a tenth more.
  private static let heavyRatio = 4

  /// Whether the stage that is being planned takes several images together.
  private var isJoint: Bool { firstJointStage <= stages.count }

  /// Whether a block has so many more weights than activations that reading them once for several images is
  /// worth more than activations that stay in the second-level cache.
  private func isHeavy(_ block: ResidualBlock, _ input: Activation) -> Bool {
    var (weights, activations) = (0, input.valueCount)
    var size = (input.height, input.width)
    func add(_ unit: ConvolutionUnit, _ size: (Int, Int)) {
      weights +=
        network.products[unit.name]?.weightCount ?? network.reduced[unit.name]?.weightCount
        ?? network.convolutions[unit.name]?.weightCount ?? 0
      activations += unit.outputChannels * size.0 * size.1
    }
    for (index, unit) in block.body.enumerated() {
      size = (unit.outputSize(size.0), unit.outputSize(size.1))
      add(unit, size)
      if index == block.antialiasedIndex, let filter = block.antialiasing {
        size = (filter.outputSize(size.0), filter.outputSize(size.1))
      }
    }
    if let unit = block.downsample { add(unit, size) }
    return weights > Self.heavyRatio * activations
  }

  /// Gives each buffer its place: those that only early stages use first, then the others, image by image.
  private mutating func place() {
    var steps = 0
    for stage in stages {
      firstSteps.append(steps)
      steps += stage.steps.count
    }
    firstJointStage = min(firstJointStage, stages.count)
    let firstStep = firstJointStage < stages.count ? firstSteps[firstJointStage] : steps
    let isShared = lifetimes.map { images == 1 || $0.last < firstStep }
    offsets = [Int](repeating: 0, count: lifetimes.count)
    imageSteps = offsets
    for shared in [true, false] {
      let indices = lifetimes.indices.filter { isShared[$0] == shared }
      let (places, count) = Lifetime.place(indices.map { lifetimes[$0] })
      let step = (count + 15) / 16 * 16
      for (index, place) in zip(indices, places) {
        offsets[index] = arenaCount + place
        imageSteps[index] = shared ? 0 : step
      }
      arenaCount += shared ? step : images * step
    }
  }

  // MARK: - Building

  /// A new result with a buffer of its own.
  mutating func activation(
    _ layout: ChannelLayout, _ height: Int, _ width: Int, halo: Int, isPlanar: Bool = false,
    line: Activation.Line = .float32
  ) -> Activation {
    let result = Activation(
      layout, height: height, width: width, halo: halo, buffer: lifetimes.count, isPlanar: isPlanar,
      line: line)
    lifetimes.append(Lifetime(count: result.count))
    return result
  }

  /// A buffer of so many floats for something else; used at the steps that read or write it.
  mutating func buffer(_ count: Int) -> Int {
    lifetimes.append(Lifetime(count: count))
    return lifetimes.count - 1
  }

  private mutating func addStage(
    _ name: String, _ input: Activation, _ body: (inout Plan) -> Activation
  ) -> Activation {
    stages.append(Stage(name: name, input: input, output: input, inputMagnitudes: magnitudes[input.buffer]))
    (copies, lineCopies, roundedCopies) = ([:], [:], [:])
    let output = body(&self)
    stages[stages.count - 1].output = output
    return output
  }

  /// Adds a step to the last stage; `others` are buffers that it uses beside its input and its output.
  mutating func add(
    _ kernel: Step.Kernel, _ input: Activation, _ output: Activation, tap: String? = nil,
    using others: [Int] = []
  ) -> Activation {
    let time = stages.reduce(0) { $0 + $1.steps.count }
    for buffer in [input.buffer, output.buffer] + others { lifetimes[buffer].use(at: time) }
    if output.buffer != input.buffer { magnitudes[output.buffer] = nil }
    stages[stages.count - 1].steps.append(
      Step(kernel: kernel, input: input, output: output, tap: tap))
    return output
  }

  /// `unit` into a map with that halo and those lines, added to `sum` if there is one: in its place where it
  /// has such lines too.
  mutating func convolution(
    _ unit: ConvolutionUnit, _ input: Activation, halo: Int, tap: String?, addingTo sum: Activation? = nil,
    line: Activation.Line = .float32
  ) -> Activation {
    let (product, reduced, packed) = (
      network.products[unit.name], network.reduced[unit.name], network.convolutions[unit.name]
    )
    guard let layout = product?.output ?? reduced?.output ?? packed?.output else {
      preconditionFailure("the packed network and the plan walk the same tree")
    }
    var output: Activation
    let isInPlace = sum?.line == line
    if let sum, isInPlace {
      output = sum
    } else {
      output = activation(
        layout, unit.outputSize(input.height), unit.outputSize(input.width), halo: halo, line: line)
    }
    if let product {
      productConvolution(product, input, output, tap: tap, sum: sum)
    } else if let reduced {
      _ = reducedConvolution(reduced, input, output, tap: tap, adds: sum != nil)
    } else if let packed {
      let source = packed.isRounded ? roundedCopy(of: input) : input
      add(packed, source, output, tap: tap, adds: sum != nil)
    }
    return isInPlace ? output : bordered(output)
  }

  private mutating func add(
    _ packed: PackedConvolution, _ input: Activation, _ output: Activation, tap: String?, adds: Bool
  ) {
    switch packed.form {
    case .lanes:
      _ = add(.lanes(packed), input, output, tap: tap)
      return
    case .winograd:
      _ = winograd(packed, input, output, residual: adds, tap: tap)
      return
    case .tiles: break
    }
    let partition = Partition(
      packed, input, output, tilePixels: Int(p2s_conv_tile_pixels(instructions.kernelValue)),
      threads: threads)
    _ = add(
      .tiles(
        packed, packed.segments(reading: input), partition, residual: adds,
        relu: packed.unit.relu || adds),
      input, output, tap: tap)
  }

  private mutating func winograd(
    _ packed: PackedConvolution, _ input: Activation, _ output: Activation, residual: Bool, tap: String?
  ) -> Activation {
    let tiles = ((output.height + 3) / 4) * ((output.width + 3) / 4)
    let most = Int(P2S_WINOGRAD_STRIP)
    let pixels = Int(p2s_conv_tile_pixels(instructions.kernelValue))
    let strip = tiles <= most ? tiles : most / pixels * pixels
    let segments = packed.inputRuns.map { run in
      p2s_segment(offset: Int64(run.lane * strip), count: Int64(run.count))
    }
    let count = p2s_winograd_floats(
      Int32(input.blocks), Int32(output.height), Int32(output.width), Int32(strip))
    let transformed = lifetimes.count
    lifetimes.append(Lifetime(count: Int(count)))
    lifetimes[transformed].use(at: stages.reduce(0) { $0 + $1.steps.count })
    return add(
      .winograd(
        packed, segments, strip: strip, transformed: transformed, residual: residual,
        relu: packed.unit.relu || residual),
      input, output, tap: tap)
  }
}

extension PackedConvolution {
  /// What one output pixel reads from `input`, in the order of the reduction.
  func segments(reading input: Activation) -> [p2s_segment] {
    if isPlanar {
      return (0..<input.layout.channels).flatMap { plane in
        (0..<unit.kernel).map { ky in
          p2s_segment(offset: Int64(plane * input.block + ky * input.row), count: Int64(unit.kernel))
        }
      }
    }
    return inputRuns.flatMap { run in
      let lanes = ChannelLayout.blockLanes
      let start = run.lane / lanes * input.block + run.lane % lanes
      return (0..<unit.kernel * unit.kernel).map { tap in
        let (ky, kx) = (tap / unit.kernel, tap % unit.kernel)
        return p2s_segment(
          offset: Int64(start + unit.dilation * (ky * input.row + kx * input.pixel)), count: Int64(run.count))
      }
    }
  }
}
