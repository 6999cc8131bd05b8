internal import CKernels
internal import ResNetArchitecture

/// How the weights of a convolution by products of tiles are arranged in memory; the counterpart of
/// ``PackedConvolution``, in words of 4 bytes.
struct ProductConvolution: Sendable {
  let unit: ConvolutionUnit
  let split: p2s_split
  let input, output: ChannelLayout
  /// True for the stem, whose input is an image in planes.
  let isPlanar: Bool
  /// The first input block that each panel of 32 outputs reads, and how many.
  let first: [Int32]
  let blocks: Int
  /// Offsets in the network's storage, and sizes, in words: weights, then scales and biases of all lanes.
  let weightOffset, weightCount, scaleOffset, biasOffset: Int

  static let panelLanes = Int(P2S_PANEL_LANES)

  /// Channels of an input block.
  var blockLanes: Int { split == .P2S_SPLIT_BF16 || split == .P2S_SPLIT_X6 ? 32 : 64 }
  /// What the input's lines contain.
  var line: Activation.Line {
    switch split {
    case .P2S_SPLIT_BF16: isPlanar ? .float32 : .bfloat16
    case .P2S_SPLIT_I8: .uint8
    case .P2S_SPLIT_X6, .P2S_SPLIT_X8: .float32
    }
  }
  var panels: Int { first.count }
  var laneCount: Int { panels * Self.panelLanes }
  var steps: Int { isPlanar ? unit.kernel : blocks * unit.kernel * unit.kernel }
  var panelWords: Int { steps * Int(p2s_split_parts(split)) * 16 * Self.panelLanes }
  /// First word after its weights, scales and biases.
  var end: Int { biasOffset + laneCount }

  /// Plans `unit`, whose weights start at `offset`.
  init(
    _ unit: ConvolutionUnit, _ split: p2s_split, input: ChannelLayout, output: ChannelLayout, isPlanar: Bool,
    at offset: Int
  ) {
    self.unit = unit
    self.split = split
    self.input = input
    self.output = output
    self.isPlanar = isPlanar
    let lanes = split == .P2S_SPLIT_BF16 || split == .P2S_SPLIT_X6 ? 32 : 64
    let panels = (output.laneCount + Self.panelLanes - 1) / Self.panelLanes
    let ranges = (0..<panels).map { panel in
      isPlanar ? 0..<1 : Self.blocks(of: panel, unit, input, output, lanes: lanes)
    }
    // All panels read as many blocks; foreign ones have zero weights.
    let blocks = ranges.map(\.count).max() ?? 1
    let all = isPlanar ? 1 : (input.laneCount + lanes - 1) / lanes
    first = ranges.map { Int32(min($0.lowerBound, all - blocks)) }
    self.blocks = blocks
    let steps = isPlanar ? unit.kernel : blocks * unit.kernel * unit.kernel
    weightOffset = offset
    weightCount = panels * steps * Int(p2s_split_parts(split)) * 16 * Self.panelLanes
    scaleOffset = offset + weightCount
    biasOffset = scaleOffset + panels * Self.panelLanes
  }

  /// The input blocks that the groups of a panel's outputs read.
  private static func blocks(
    of panel: Int, _ unit: ConvolutionUnit, _ input: ChannelLayout, _ output: ChannelLayout, lanes: Int
  ) -> Range<Int> {
    if unit.groups == 1 { return 0..<(input.laneCount + lanes - 1) / lanes }
    let last = min((panel + 1) * panelLanes, output.laneCount) - 1
    let groups = panel * panelLanes / output.groupLanes...last / output.groupLanes
    let end = (groups.upperBound + 1) * input.groupLanes
    return groups.lowerBound * input.groupLanes / lanes..<(end + lanes - 1) / lanes
  }

  /// The filters of a panel that read the same channels: neighbors in lanes, and the group they belong to.
  func filterRuns(ofPanel panel: Int) -> [(run: ChannelLayout.Run, group: Int)] {
    let lanes = panel * Self.panelLanes..<min((panel + 1) * Self.panelLanes, output.laneCount)
    if unit.groups == 1 { return output.runs(in: lanes).map { ($0, 0) } }
    return (lanes.lowerBound / output.groupLanes...(lanes.upperBound - 1) / output.groupLanes).flatMap {
      group in
      let range = (group * output.groupLanes..<(group + 1) * output.groupLanes).clamped(to: lanes)
      return output.runs(in: range).map { ($0, group) }
    }
  }

  /// For each element of each word of a panel's reduction its index inside a filter of that group, or -1.
  func order(ofPanel panel: Int, group: Int) -> [Int32] {
    let (taps, elements) = (unit.kernel * unit.kernel, blockLanes / 16)
    var order: [Int32] = []
    order.reserveCapacity(steps * blockLanes)
    for step in 0..<steps {
      for word in 0..<16 {
        for element in 0..<elements {
          let lane = Int(p2s_product_lane(split, Int32(word), Int32(element)))
          order.append(
            isPlanar
              ? planarIndex(row: step, lane: lane)
              : index(
                lane: (Int(first[panel]) + step / taps) * blockLanes + lane, tap: step % taps, group: group))
        }
      }
    }
    return order
  }

  private func index(lane: Int, tap: Int, group: Int) -> Int32 {
    guard let channel = input.channel(inLane: lane) else { return -1 }
    let depth = unit.inputChannels / unit.groups
    if unit.groups > 1, channel / depth != group { return -1 }
    return Int32((unit.groups > 1 ? channel % depth : channel) * unit.kernel * unit.kernel + tap)
  }

  /// Eight places for each plane, of which as many are taps as a row of the kernel has.
  private func planarIndex(row: Int, lane: Int) -> Int32 {
    let (plane, column) = (lane / 8, lane % 8)
    guard plane < unit.inputChannels, column < unit.kernel else { return -1 }
    return Int32((plane * unit.kernel + row) * unit.kernel + column)
  }
}

extension p2s_split {
  /// As `bench --layers` calls it.
  var name: String {
    switch self {
    case .P2S_SPLIT_BF16: "amx bf16"
    case .P2S_SPLIT_I8: "amx i8"
    case .P2S_SPLIT_X6: "amx x6"
    case .P2S_SPLIT_X8: "amx x8"
    }
  }
}
