internal import CKernels
internal import ResNetArchitecture

extension Plan {
  /// Adds a convolution of reduced numbers, and before it the copy that it reads, unless that is there
  /// already.
  mutating func reducedConvolution(
    _ packed: ReducedConvolution, _ input: Activation, _ output: Activation, tap: String?, adds: Bool
  ) -> Activation {
    let copy = reducedCopy(of: input, packed.number)
    guard case .tiles = packed.form else {
      return add(.reducedLanes(packed, copy), input, output, tap: tap, using: [copy.buffer])
    }
    let pixels = p2s_reduced_tile_pixels(instructions.kernelValue, packed.number)
    let partition = Partition(
      packed.unit, panels: packed.panels, panelWords: packed.panelWords, input, output,
      pixelWords: packed.input.laneCount / packed.wordChannels, tilePixels: Int(pixels), threads: threads)
    return add(
      .reducedTiles(
        packed, copy, packed.segments(reading: input), partition, residual: adds,
        relu: packed.unit.relu || adds),
      input, output, tap: tap, using: [copy.buffer])
  }

  private mutating func reducedCopy(of input: Activation, _ number: p2s_number) -> ReducedCopy {
    if let copy = copies[input.buffer] { return copy }
    let copy = ReducedCopy(number, of: input, buffer: lifetimes.count, threads: threads)
    lifetimes.append(Lifetime(count: copy.count))
    copies[input.buffer] = copy
    _ = add(.reduce(copy), input, input, using: [copy.buffer])
    return copy
  }

  /// The input of a convolution of bfloat16 numbers by float32's multiply-adds.
  mutating func roundedCopy(of input: Activation) -> Activation {
    if let copy = roundedCopies[input.buffer] { return copy }
    let copy = activation(input.layout, input.height, input.width, halo: input.halo)
    roundedCopies[input.buffer] = copy
    return add(.round, input, copy)
  }
}
