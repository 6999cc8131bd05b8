internal import ResNetArchitecture

/// How one convolution's weights lie in memory and which kernel they are for; free of image sizes.
struct PackedConvolution: Sendable {
  /// Which C kernel computes it.
  enum Form: Hashable, Sendable {
    /// `p2s_conv`: panels of `panelBlocks` blocks of 16 outputs.
    case tiles(panelBlocks: Int)
    /// `p2s_grouped`: several groups share a block of 16.
    case lanes
    /// `p2s_winograd`: a 3×3 of stride 1 with a quarter of the multiplications.
    case winograd(panelBlocks: Int)
  }

  let unit: ConvolutionUnit
  let form: Form
  /// How its input lies; an image (the stem's input) is planar instead.
  let input: ChannelLayout
  let isPlanar: Bool
  let output: ChannelLayout
  /// Whether its weights and inputs are rounded to bfloat16.
  let isRounded: Bool
  /// Steps of the reduction of one output value; of each of its 36 products in Winograd's form.
  let depth: Int
  /// Offsets of weights and bias in the network's storage, and their sizes, in floats.
  let weightOffset, weightCount, biasOffset, biasCount: Int

  /// Blocks of outputs that read the same inputs: those of one group.
  var groupBlocks: Int { unit.isDiagonal ? 1 : output.blocks / unit.groups }
  /// Blocks of inputs between those of neighboring groups.
  var inputBlocks: Int { unit.isDiagonal ? 1 : input.groupLanes / ChannelLayout.blockLanes }
  var panelBlocks: Int {
    switch form {
    case .tiles(let blocks), .winograd(let blocks): blocks
    case .lanes: 1
    }
  }
  var panels: Int { output.blocks / panelBlocks }
  var panelFloats: Int { weightCount / panels }

  /// Elements of a transformed 3×3 filter.
  private static let winogradMatrices = 36

  /// Plans `unit`, whose weights start at `offset`; `winograd` asks for that form.
  init(
    _ unit: ConvolutionUnit, input: ChannelLayout, output: ChannelLayout, isPlanar: Bool, winograd: Bool,
    rounded: Bool, at offset: Int
  ) {
    self.unit = unit
    isRounded = rounded
    self.input = input
    self.output = output
    self.isPlanar = isPlanar
    let depth = unit.inputChannels / unit.groups * unit.kernel * unit.kernel
    let sharesBlocks = unit.groups > 1 && output.groupLanes < ChannelLayout.blockLanes
    if unit.isDiagonal {
      precondition(sharesBlocks && input == output)
      form = .tiles(panelBlocks: 1)
      self.depth =
        unit.kernel * unit.kernel
        * input.runs(in: 0..<ChannelLayout.blockLanes).reduce(0) { $0 + $1.count }
      weightCount = output.blocks * ChannelLayout.blockLanes * self.depth
    } else if sharesBlocks {
      // Only square groups come up in this family: as many inputs as outputs.
      precondition(input == output && unit.kernel == 3 && unit.padding == 1 && unit.stride <= 2)
      form = .lanes
      self.depth = depth
      weightCount = output.blocks * depth * ChannelLayout.blockLanes
    } else {
      let blocks = output.blocks / unit.groups
      let panelBlocks = blocks % 2 == 0 ? 2 : 1
      if winograd {
        precondition(unit.kernel == 3 && unit.stride == 1 && unit.padding == 1)
        form = .winograd(panelBlocks: panelBlocks)
        self.depth = unit.inputChannels / unit.groups
        weightCount = output.blocks * ChannelLayout.blockLanes * self.depth * Self.winogradMatrices
      } else {
        form = .tiles(panelBlocks: panelBlocks)
        self.depth = depth
        weightCount = output.blocks * ChannelLayout.blockLanes * depth
      }
    }
    weightOffset = offset
    // A cache line between weights and bias keeps both aligned.
    biasOffset = offset + (weightCount + 15) / 16 * 16
    biasCount = output.blocks * ChannelLayout.blockLanes
  }

  var isWinograd: Bool { if case .winograd = form { true } else { false } }

  /// Whether the packed numbers of both are the same, given the same weights.
  func hasSamePanels(as other: PackedConvolution) -> Bool {
    unit.isDiagonal == other.unit.isDiagonal && unit.epsilon == other.unit.epsilon
      && unit.weightShape == other.unit.weightShape && (form, isPlanar) == (other.form, other.isPlanar)
      && (input, output) == (other.input, other.output) && isRounded == other.isRounded
      && (weightOffset, biasOffset) == (other.weightOffset, other.biasOffset)
  }

  /// First float after its weights and bias.
  var end: Int { biasOffset + biasCount }

  /// The input runs of one group, in the order of the reduction.
  var inputRuns: [ChannelLayout.Run] {
    if unit.isDiagonal { return input.blockRuns(in: 0..<ChannelLayout.blockLanes) }
    let lanes = unit.groups == 1 ? input.laneCount : input.groupLanes
    return input.blockRuns(in: 0..<lanes)
  }

  /// Index of each step of the reduction inside a filter `[in][ky][kx]`; `nil` for 0, 1, 2, …
  var order: [Int32]? {
    if isPlanar || unit.kernel == 1 { return nil }
    let area = unit.kernel * unit.kernel
    return inputRuns.flatMap { run in
      (0..<area).flatMap { tap in
        (0..<run.count).map { Int32((run.channel + $0) * area + tap) }
      }
    }
  }

  /// The filter in each lane of block `block`, -1 where there is none.
  func filters(inBlock block: Int) -> [Int32] {
    let lanes = ChannelLayout.blockLanes
    var filters = [Int32](repeating: -1, count: lanes)
    for run in output.runs(in: block * lanes..<(block + 1) * lanes) {
      for i in 0..<run.count { filters[run.lane + i - block * lanes] = Int32(run.channel + i) }
    }
    return filters
  }
}

extension ConvolutionUnit {
  /// True for a convolution with several groups in a block of 16 lanes that is dilated or has a stride above
  /// 2: the kernel for these has neither, so that a block is computed as one group, with zeros between the
  /// groups. Rare, and small where it comes up: ResNeXts dilate their last stages, whose groups have 16
  /// channels and more.
  var isDiagonal: Bool {
    groups > 1 && (dilation > 1 || stride > 2) && outputChannels / groups <= ChannelLayout.blockLanes / 2
  }
}
