/// Shape of an intermediate result in memory.
struct Activation: Hashable, Sendable {
  /// Which part of the arena holds it; an index into the plan's buffers.
  var buffer: Int
  let layout: ChannelLayout
  let height, width: Int
  /// Zero pixels around it: as many as the padding of a convolution that reads it.
  let halo: Int
  /// True for an image: `[channel][row + 2·halo][column + 2·halo]` instead of blocks.
  let isPlanar: Bool

  init(
    _ layout: ChannelLayout, height: Int, width: Int, halo: Int, buffer: Int, isPlanar: Bool = false
  ) {
    self.layout = layout
    self.height = height
    self.width = width
    self.halo = halo
    self.buffer = buffer
    self.isPlanar = isPlanar
  }

  /// Floats of one pixel.
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
  var blocks: Int { isPlanar ? layout.channels : layout.blocks }
  var count: Int { blocks * block }

  /// `[C, H, W]`.
  var shape: [Int] { [layout.channels, height, width] }
  /// Numbers that it stands for: C · H · W.
  var valueCount: Int { layout.channels * height * width }
}
