internal import ResNetArchitecture

/// How the output of one convolution is cut into tiles and units of work.
struct Partition: Hashable, Sendable {
  /// True when tiles run across the ends of rows.
  let isFlat: Bool
  /// Tiles in a row, or in the whole plane when flat.
  let rowTiles: Int
  let unitTiles, unitPanels: Int
  /// True when a unit takes panel after panel, each over all its tiles.
  let isPanelOuter: Bool

  /// What a unit goes through again and again, all weights or else its tiles' inputs, should be no larger:
  /// half of a small second-level cache.
  private static let cacheBytes = 512 << 10

  init(
    _ packed: PackedConvolution, _ input: Activation, _ output: Activation, tilePixels: Int, threads: Int
  ) {
    self.init(
      packed.unit, panels: packed.panels, panelWords: packed.panelFloats, input, output,
      pixelWords: input.layout.laneCount, tilePixels: tilePixels, threads: threads)
  }

  /// The same for any kind of element: `panelWords` and `pixelWords` say how many words of 4 bytes a panel of
  /// weights and the inputs of a pixel have.
  init(
    _ unit: ConvolutionUnit, panels: Int, panelWords: Int, _ input: Activation, _ output: Activation,
    pixelWords: Int, tilePixels: Int, threads: Int
  ) {
    let word = MemoryLayout<Float>.stride
    isFlat = unit.kernel == 1 && unit.stride == 1 && input.halo == 0 && !input.isPlanar
    let span = isFlat ? output.height * output.width : output.width
    rowTiles = (span + tilePixels - 1) / tilePixels
    let tiles = isFlat ? rowTiles : rowTiles * output.height

    let weightBytes = panels * panelWords * word
    isPanelOuter = weightBytes > Self.cacheBytes
    var unitPanels = panels
    // A strided 1×1 skips what lies between; a 3×3 reads it.
    let pixels = tilePixels * (unit.kernel == 1 ? 1 : unit.stride * unit.stride)
    let tileBytes = max(1, pixels * pixelWords * word)
    var unitTiles = min(tiles, isPanelOuter ? max(4, Self.cacheBytes / tileBytes) : 4)
    // Enough units that no thread waits long for the last one.
    func units() -> Int {
      (tiles + unitTiles - 1) / unitTiles * ((panels + unitPanels - 1) / unitPanels)
    }
    while threads > 1, units() < 4 * threads, unitPanels > 1 || unitTiles > 1 {
      if unitPanels > 1 { unitPanels = (unitPanels + 1) / 2 } else { unitTiles = (unitTiles + 1) / 2 }
    }
    self.unitTiles = unitTiles
    self.unitPanels = unitPanels
  }
}
