/// Which lane of a blocked activation each channel occupies.
///
/// An activation is `[block][row][column][16]`; lane `l` is lane `l % 16` of block `l / 16`. Channels in
/// groups start each group at a multiple of ``groupLanes``, so that a group either fits 16 / groupLanes times
/// into a block or fills whole blocks; lanes in between hold no channel and are never read as one.
struct ChannelLayout: Hashable, Sendable {
  /// Lanes in a block.
  static let blockLanes = 16

  let channels: Int
  /// Channels of one group.
  let group: Int
  /// Lanes of one group, at least ``group``.
  let groupLanes: Int

  /// Channel `c` in lane `c`.
  static func plain(_ channels: Int) -> ChannelLayout {
    ChannelLayout(channels: channels, group: channels, groupLanes: channels)
  }

  /// Each group padded to 1, 2, 4, 8 or a multiple of 16 lanes.
  static func grouped(_ channels: Int, groups: Int) -> ChannelLayout {
    if groups == 1 { return plain(channels) }
    let group = channels / groups
    let lanes = [1, 2, 4, 8].first { $0 >= group } ?? (group + 15) / 16 * 16
    return ChannelLayout(channels: channels, group: group, groupLanes: lanes)
  }

  var groups: Int { channels / group }
  var laneCount: Int { groups * groupLanes }
  var blocks: Int { (laneCount + Self.blockLanes - 1) / Self.blockLanes }

  func lane(_ channel: Int) -> Int { channel / group * groupLanes + channel % group }

  /// Neighboring channels in neighboring lanes.
  struct Run: Hashable, Sendable {
    var channel, lane, count: Int
  }

  /// The longest runs within `lanes`, in order.
  func runs(in lanes: Range<Int>) -> [Run] {
    var runs: [Run] = []
    for group in 0..<groups {
      let start = group * groupLanes
      let range = (start..<start + self.group).clamped(to: lanes)
      if range.isEmpty { continue }
      let channel = group * self.group + range.lowerBound - start
      if let last = runs.last, last.channel + last.count == channel,
        last.lane + last.count == range.lowerBound
      {
        runs[runs.count - 1].count += range.count
      } else {
        runs.append(Run(channel: channel, lane: range.lowerBound, count: range.count))
      }
    }
    return runs
  }

  /// The runs of each block within `lanes`, which starts at a block.
  func blockRuns(in lanes: Range<Int>) -> [Run] {
    stride(from: lanes.lowerBound, to: lanes.upperBound, by: Self.blockLanes).flatMap {
      runs(in: $0..<min($0 + Self.blockLanes, lanes.upperBound))
    }
  }
}
