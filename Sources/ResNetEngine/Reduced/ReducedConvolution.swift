internal import CKernels
internal import ResNetArchitecture

/// How one convolution's reduced weights lie in memory; the counterpart of ``PackedConvolution``, in words of
/// 4 bytes.
struct ReducedConvolution: Sendable {
  let unit: ConvolutionUnit
  let number: p2s_number
  let form: PackedConvolution.Form
  let input, output: ChannelLayout
  /// Words in the reduction of one output value.
  let depth: Int
  /// Offsets in the network's storage, and sizes, in words: weights, then scales and biases of all lanes.
  let weightOffset, weightCount, scaleOffset, biasOffset: Int

  /// Channels in a word.
  var wordChannels: Int { number.wordChannels }
  var panelBlocks: Int { if case .tiles(let blocks) = form { blocks } else { 1 } }
  var panels: Int { output.blocks / panelBlocks }
  var panelsPerGroup: Int { output.blocks / unit.groups / panelBlocks }
  var panelWords: Int { depth * panelBlocks * ChannelLayout.blockLanes }
  var laneCount: Int { output.blocks * ChannelLayout.blockLanes }

  /// Plans `unit`, whose weights start at `offset`.
  init(
    _ unit: ConvolutionUnit, _ number: p2s_number, input: ChannelLayout, output: ChannelLayout, at offset: Int
  ) {
    self.unit = unit
    self.number = number
    self.input = input
    self.output = output
    let channels = number.wordChannels
    if unit.groups > 1, output.groupLanes < ChannelLayout.blockLanes {
      // Only square groups come up in this family: as many inputs as outputs.
      precondition(input == output && unit.kernel == 3 && unit.padding == 1 && unit.stride <= 2)
      form = .lanes
      depth = 9 * ((output.groupLanes + channels - 1) / channels)
    } else {
      form = .tiles(panelBlocks: output.blocks / unit.groups % 2 == 0 ? 2 : 1)
      depth =
        unit.kernel * unit.kernel
        * Self.inputBlocks(unit, input).reduce(0) { $0 + ($1 + channels - 1) / channels }
    }
    weightCount = output.blocks * ChannelLayout.blockLanes * depth
    weightOffset = offset
    scaleOffset = offset + (weightCount + 15) / 16 * 16
    biasOffset = scaleOffset + output.blocks * ChannelLayout.blockLanes
  }

  /// First word after its weights, scales and biases.
  var end: Int { biasOffset + laneCount }

  /// Lanes in use of each input block that one group reads.
  private static func inputBlocks(_ unit: ConvolutionUnit, _ input: ChannelLayout) -> [Int] {
    let lanes = unit.groups == 1 ? input.laneCount : input.groupLanes
    return stride(from: 0, to: lanes, by: ChannelLayout.blockLanes).map {
      min(ChannelLayout.blockLanes, lanes - $0)
    }
  }

  /// What one output pixel reads from a copy of `input`, in words, in the order of the reduction.
  func segments(reading input: Activation) -> [p2s_segment] {
    let channels = wordChannels
    return Self.inputBlocks(unit, self.input).enumerated().flatMap { block, lanes in
      (0..<unit.kernel * unit.kernel).map { tap in
        let (ky, kx) = (tap / unit.kernel, tap % unit.kernel)
        return p2s_segment(
          offset: Int64(
            (block * input.block + unit.dilation * (ky * input.row + kx * input.pixel)) / channels),
          count: Int64((lanes + channels - 1) / channels))
      }
    }
  }

  /// For each channel of each word of the reduction its index inside a filter `[in][ky][kx]`, or -1.
  var order: [Int32] {
    let (channels, area) = (wordChannels, unit.kernel * unit.kernel)
    return Self.inputBlocks(unit, input).enumerated().flatMap { block, lanes in
      (0..<area).flatMap { tap in
        (0..<(lanes + channels - 1) / channels * channels).map { lane in
          let place = block * ChannelLayout.blockLanes + lane
          return lane < lanes ? input.channel(inLane: place).map { Int32($0 * area + tap) } ?? -1 : -1
        }
      }
    }
  }
}

extension p2s_number {
  /// Channels in a word of 4 bytes.
  var wordChannels: Int { self == .P2S_I8 ? 4 : 2 }
  var name: String { self == .P2S_I8 ? "i8" : "bf16" }
}

extension ComputePrecision {
  /// What the reduced kernels multiply; nil when none is used.
  var number: p2s_number? {
    switch self {
    case .f32: nil
    case .bf16: .P2S_BF16
    case .i8: .P2S_I8
    }
  }
}

extension ChannelLayout {
  /// The channel in lane `lane`, if one is there.
  func channel(inLane lane: Int) -> Int? {
    let (number, place) = (lane / groupLanes, lane % groupLanes)
    return number < groups && place < group ? number * group + place : nil
  }

  /// The filter in each lane of block `block`, -1 where there is none.
  func filters(inBlock block: Int) -> [Int32] {
    let first = block * Self.blockLanes
    return (first..<first + Self.blockLanes).map { channel(inLane: $0).map { Int32($0) } ?? -1 }
  }
}
