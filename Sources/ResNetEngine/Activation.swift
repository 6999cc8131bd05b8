/// Shape of an intermediate result in memory.
struct Activation: Hashable, Sendable {
  /// What the 64 bytes of a pixel of one block contain.
  enum Line: Hashable, Sendable {
    case float32, bfloat16, uint8

    /// Channels in a block.
    var lanes: Int {
      switch self {
      case .float32: 16
      case .bfloat16: 32
      case .uint8: 64
      }
    }
  }

  /// Which part of the arena holds it; an index into the plan's buffers.
  var buffer: Int
  let layout: ChannelLayout
  let height, width: Int
  /// Zero pixels around it: as many as the padding of a convolution that reads it.
  let halo: Int
  /// True for an image: `[channel][row + 2·halo][column + 2·halo]` instead of blocks.
  let isPlanar: Bool
  let line: Line

  init(
    _ layout: ChannelLayout, height: Int, width: Int, halo: Int, buffer: Int, isPlanar: Bool = false,
    line: Line = .float32
  ) {
    self.layout = layout
    self.height = height
    self.width = width
    self.halo = halo
    self.buffer = buffer
    self.isPlanar = isPlanar
    self.line = line
  }

  /// Floats of one pixel, or what takes their place.
  var pixel: Int { isPlanar ? 1 : ChannelLayout.blockLanes }
  /// Floats of one row with its halo.
  var row: Int { (width + 2 * halo) * pixel }
  /// Floats between neighboring blocks (or planes).
  ///
  /// A tile reads the same few lines of every block; if blocks were a multiple of 2 KiB apart, these would
  /// fall into the same few sets of the first-level cache.
  var block: Int {
    let plane = (height + 2 * halo) * row
    return !isPlanar && height * width > 1 && plane % 512 == 0 ? plane + 256 : plane
  }
  /// The halo that the kernels of convolutions and of max-pooling write; a wider one takes a step of its own.
  var writtenHalo: Int { halo > 1 ? 0 : halo }
  /// Offset of the first float that the middle tap's neighbor of a 3×3 reads: the halo, where that is 1.
  var firstTap: Int { origin - row - pixel }
  /// Offset of pixel (0, 0).
  var origin: Int { halo * (row + pixel) }
  var blocks: Int { isPlanar ? layout.channels : (layout.laneCount + line.lanes - 1) / line.lanes }
  /// Floats in all; products of tiles may read some lines past the last one.
  var count: Int { blocks * block + (line == .float32 && !isPlanar ? 0 : Self.slack) }
  private static let slack = 32 * ChannelLayout.blockLanes

  /// `[C, H, W]`.
  var shape: [Int] { [layout.channels, height, width] }
  /// Numbers that it stands for: C · H · W.
  var valueCount: Int { layout.channels * height * width }

  /// Rows of a block with its halo.
  var planeRows: Int { height + 2 * halo }
}
