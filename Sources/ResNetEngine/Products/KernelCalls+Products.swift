internal import CKernels
internal import ResNetArchitecture

extension ProductConvolution {
  /// The layer as the kernels have it, without pointers to numbers.
  @unsafe
  func layer(
    reading input: Activation, writing output: Activation, images: Int, first: UnsafePointer<Int32>,
    base: UnsafeMutablePointer<Float>
  ) -> p2s_product_conv {
    let weights = unsafe UnsafeMutableRawPointer(base + weightOffset).assumingMemoryBound(to: UInt32.self)
    return unsafe p2s_product_conv(
      split: split, output: output.line.kernelValue, residual: .P2S_LINE_F32, weights: weights,
      bias: base + biasOffset, scale: base + scaleOffset, input_scale: nil, first: first,
      panels: Int32(panels), blocks: Int32(blocks),
      in_blocks: Int32(input.line == .float32 ? input.blocks : 0),
      planes: Int32(isPlanar ? unit.inputChannels : 0),
      kernel: Int32(unit.kernel), stride: Int32(unit.stride), dilation: Int32(unit.dilation), relu: 0,
      rows: Int32(output.height), width: Int32(output.width), out_halo: Int32(output.writtenHalo),
      out_blocks: Int32(output.blocks), residual_blocks: 0, images: Int32(images), unit_pairs: 1,
      unit_panels: 1,
      in_row: Int64(input.row), in_block: Int64(input.block), in_image: 0, out_row: Int64(output.row),
      out_block: Int64(output.block), out_image: 0)
  }

  /// Pairs of tiles over all images.
  func pairs(reading input: Activation, writing output: Activation, images: Int) -> Int {
    images * Int(unsafe withLayer(input, output, images) { unsafe p2s_product_pairs($0) })
  }

  /// Floats of working memory of one unit.
  func scratch(reading input: Activation, writing output: Activation, images: Int, unitPairs: Int) -> Int {
    let count = unsafe withLayer(input, output, images) { layer in
      unsafe layer.pointee.unit_pairs = Int32(unitPairs)
      return unsafe p2s_product_scratch(layer)
    }
    return (Int(count) + 15) / 16 * 16
  }

  /// Lends the layer's geometry; nothing that is computed with it reads a number.
  @unsafe
  private func withLayer<Result>(
    _ input: Activation, _ output: Activation, _ images: Int,
    _ body: (UnsafeMutablePointer<p2s_product_conv>) -> Result
  ) -> Result {
    var none: Float = 0
    return unsafe first.withUnsafeBufferPointer { first in
      unsafe withUnsafeMutablePointer(to: &none) { none in
        guard let first = first.baseAddress else { preconditionFailure("a layer has outputs") }
        var layer = unsafe layer(
          reading: input, writing: output, images: images, first: first, base: none)
        return unsafe withUnsafeMutablePointer(to: &layer) { unsafe body($0) }
      }
    }
  }
}

extension Activation.Line {
  var kernelValue: p2s_line {
    switch self {
    case .float32: .P2S_LINE_F32
    case .bfloat16: .P2S_LINE_BF16
    case .uint8: .P2S_LINE_U8
    }
  }
}

/// Unsafe on purpose, as all of ``KernelCalls``: the plan sized and placed what these kernels read and write,
/// and units write disjoint memory.
extension KernelCalls {
  func products(_ step: Plan.Step, _ product: ProductConvolution, _ cut: ProductCut) {
    let (input, output, unit) = (step.input, step.output, product.unit)
    let reach = unit.padding * (input.row + input.pixel)
    unsafe product.first.withUnsafeBufferPointer { first in
      guard let first = first.baseAddress else { return }
      var layer = unsafe product.layer(
        reading: input, writing: output, images: images, first: first, base: network.storage.base)
      unsafe layer.relu = cut.relu ? 1 : 0
      unsafe layer.unit_pairs = Int32(cut.unitPairs)
      unsafe layer.unit_panels = Int32(cut.unitPanels)
      unsafe layer.in_image = Int64(imageStep(input))
      unsafe layer.out_image = Int64(imageStep(output))
      if let scale = cut.scale { unsafe layer.input_scale = UnsafePointer(start(buffer: scale)) }
      if let sum = cut.sum {
        unsafe layer.residual = sum.line.kernelValue
        unsafe layer.residual_blocks = Int32(sum.blocks)
      }
      unsafe withUnsafePointer(to: layer) { layer in
        var call = unsafe ProductCall(
          isa: isa, layer: layer, source: start(input) + input.origin - reach,
          residual: cut.sum.map { unsafe UnsafePointer(start($0) + $0.origin) },
          target: start(output) + output.origin, scratch: start(buffer: cut.scratch),
          scratchStep: threads == nil || threadCount == 1 ? 0 : cut.scratchCount,
          magnitudes: cut.magnitudes.map {
            unsafe UnsafeMutableRawPointer(start(buffer: $0.buffer)).assumingMemoryBound(to: UInt32.self)
          })
        unsafe dispatch(p2s_product_units(layer), &call) { context, unit in
          let call = unsafe contents(of: context, as: ProductCall.self)
          unsafe p2s_product_unit(
            call.isa, call.layer, call.source, call.residual, call.target,
            call.scratch + Int(unit) * call.scratchStep, call.magnitudes, unit)
        }
      }
    }
  }

  /// Copies an activation as lines; integers need its largest magnitude first.
  func lines(_ copy: LineCopy) {
    for number in unsafe 0..<images {
      var one = unsafe self
      unsafe one.image += number
      var call = unsafe LineCall(
        copy: copy, isa: isa, source: one.start(copy.source), header: one.start(buffer: copy.scale),
        target: UnsafeMutableRawPointer(one.start(copy.target)))
      if copy.target.line == .uint8 {
        let scale = unsafe p2s_u8_scale(largest(of: copy, number, &call))
        unsafe call.header[0] = scale.scale
        unsafe call.inverse = scale.inverse
      }
      unsafe dispatch(Int32(copy.units), &call) { context, unit in
        unsafe contents(of: context, as: LineCall.self).copyLines(unit: Int(unit))
      }
    }
  }

  /// The largest magnitude of an activation of image number `number`: found by its kernel, or now.
  private func largest(of copy: LineCopy, _ number: Int, _ call: inout LineCall) -> UInt32 {
    var (found, count) = unsafe (call.magnitudes, copy.units)
    if let magnitudes = copy.magnitudes {
      unsafe (found, count) = (start(magnitudes, image: image + number), magnitudes.count)
    } else {
      unsafe dispatch(Int32(copy.units), &call) { context, unit in
        let call = unsafe contents(of: context, as: LineCall.self)
        unsafe call.magnitudes[Int(unit)] = call.largest(unit: Int(unit))
      }
    }
    var largest: UInt32 = 0
    for index in 0..<count { largest = unsafe max(largest, found[index]) }
    return largest
  }

  /// Where the magnitudes of one image are.
  private func start(_ magnitudes: Magnitudes, image: Int) -> UnsafeMutablePointer<UInt32> {
    var first = unsafe self
    unsafe first.image = magnitudes.isJoint ? 0 : image
    let found = unsafe UnsafeMutableRawPointer(first.start(buffer: magnitudes.buffer))
      .assumingMemoryBound(to: UInt32.self)
    return unsafe found + (magnitudes.isJoint ? image * magnitudes.count : 0)
  }

  /// Writes the largest magnitude of `count` values that the caller gave, where a kernel would have found it.
  func find(_ magnitudes: Magnitudes, of values: UnsafePointer<Float>, count: Int) {
    let found = unsafe start(magnitudes, image: image)
    unsafe found.update(repeating: 0, count: magnitudes.count)
    for index in 0..<count { unsafe found[0] = max(found[0], values[index].magnitude.bitPattern) }
  }

  /// Rounds an activation to bfloat16 and keeps it as float32.
  func round(_ step: Plan.Step) {
    let (input, output) = (step.input, step.output)
    unsafe withUnsafePointer(to: input) { layer in
      var call = unsafe call(layer, step, units: Int32(output.blocks))
      unsafe run(&call) { context, unit in
        let (call, block) = unsafe Call<Activation, Float>.at(context, unit)
        let step = unsafe call.layer.pointee.block
        let plane = unsafe call.layer.pointee.planeRows * call.layer.pointee.row
        unsafe p2s_round_bf16(
          call.isa, call.source + Int(block) * step, Int64(plane), call.target + Int(block) * step)
      }
    }
  }
}

/// What each unit of one convolution needs; see ``Call``.
@unsafe
private struct ProductCall {
  let isa: p2s_isa
  let layer: UnsafePointer<p2s_product_conv>
  let source: UnsafePointer<Float>
  let residual: UnsafePointer<Float>?
  let target, scratch: UnsafeMutablePointer<Float>
  /// Floats between the working memory of neighboring units; 0 where they run one after the other.
  let scratchStep: Int
  let magnitudes: UnsafeMutablePointer<UInt32>?
}

/// What each unit of one copy needs; see ``Call``.
@unsafe
private struct LineCall {
  let copy: LineCopy
  let isa: p2s_isa
  let source: UnsafePointer<Float>
  let header: UnsafeMutablePointer<Float>
  let target: UnsafeMutableRawPointer
  var inverse: Float = 0

  /// The largest magnitude of each unit.
  var magnitudes: UnsafeMutablePointer<UInt32> {
    unsafe UnsafeMutableRawPointer(header + LineCopy.magnitudesOffset).assumingMemoryBound(to: UInt32.self)
  }

  /// Where a unit begins: its block, its first row, and how many floats its rows have.
  private func place(_ unit: Int) -> (block: Int, start: Int, floats: Int) {
    let (copy, row) = unsafe (self.copy, unit % copy.blockUnits * copy.unitRows)
    let rows = min(copy.unitRows, copy.target.planeRows - row)
    return (unit / copy.blockUnits, row * copy.target.row, rows * copy.target.row)
  }

  /// The blocks of 16 that a block of the copy has, and the first.
  private func blocks(_ block: Int) -> (first: Int, count: Int) {
    let each = unsafe copy.target.line.lanes / ChannelLayout.blockLanes
    return unsafe (block * each, min(each, copy.source.blocks - block * each))
  }

  func largest(unit: Int) -> UInt32 {
    let (block, start, floats) = unsafe place(unit)
    let (first, count) = unsafe blocks(block)
    var largest: UInt32 = 0
    for number in first..<first + count {
      largest = unsafe max(
        largest, p2s_largest(isa, source + number * copy.source.block + start, Int64(floats)))
    }
    return largest
  }

  func copyLines(unit: Int) {
    let (block, start, floats) = unsafe place(unit)
    let (first, count) = unsafe blocks(block)
    let from = unsafe source + first * copy.source.block + start
    let to = unsafe target + (block * copy.target.block + start) * MemoryLayout<Float>.stride
    let pixels = Int64(floats / ChannelLayout.blockLanes)
    if unsafe copy.target.line == .uint8 {
      unsafe p2s_u8_lines(
        isa, from, Int64(copy.source.block), Int32(count), pixels, inverse,
        to.assumingMemoryBound(to: UInt8.self))
    } else {
      unsafe p2s_bf16_lines(
        isa, from, Int64(copy.source.block), Int32(count), pixels, to.assumingMemoryBound(to: UInt16.self))
    }
  }
}
