internal import CKernels
internal import ResNetArchitecture
internal import SWTThreads

/// Unsafe on purpose, as all of ``KernelCalls``: the plan sized and placed the copies, and units write
/// disjoint memory.
extension KernelCalls {
  /// The first float of a copy.
  private func header(_ copy: ReducedCopy) -> UnsafeMutablePointer<Float> {
    unsafe start(buffer: copy.buffer)
  }

  /// The first word of a copy's elements.
  private func words(_ copy: ReducedCopy) -> UnsafeMutablePointer<UInt32> {
    unsafe UnsafeMutableRawPointer(header(copy) + copy.elementsOffset).assumingMemoryBound(to: UInt32.self)
  }

  /// Copies an activation; integers need its largest value first.
  func reduce(_ copy: ReducedCopy) {
    unsafe forEachImage { calls in unsafe calls.reduceOne(copy) }
  }

  /// Calls `body` for one image after the other: each has a scale of its own.
  private func forEachImage(_ body: (KernelCalls) -> Void) {
    for image in unsafe self.image..<self.image + images {
      var one = unsafe self
      unsafe (one.image, one.images) = (image, 1)
      unsafe body(one)
    }
  }

  private func reduceOne(_ copy: ReducedCopy) {
    let header = unsafe self.header(copy)
    var call = unsafe CopyCall(
      copy: copy, isa: isa, source: start(copy.source), header: header,
      elements: UnsafeMutableRawPointer(words(copy)))
    switch copy.number {
    case .P2S_BF16:
      unsafe header[0] = 1
      unsafe dispatch(Int32(copy.units), &call) { context, unit in
        let call = unsafe contents(of: context, as: CopyCall.self)
        let range = unsafe call.copy.range(ofUnit: Int(unit))
        unsafe p2s_to_bf16(
          call.isa, call.source + range.lowerBound, Int64(range.count),
          call.elements.assumingMemoryBound(to: UInt16.self) + range.lowerBound)
      }
    case .P2S_I8:
      unsafe dispatch(Int32(copy.units), &call) { context, unit in
        let call = unsafe contents(of: context, as: CopyCall.self)
        let range = unsafe call.copy.range(ofUnit: Int(unit))
        unsafe call.maxima[Int(unit)] = p2s_largest(
          call.isa, call.source + range.lowerBound, Int64(range.count))
      }
      var largest: UInt32 = 0
      for index in 0..<copy.units { largest = max(largest, unsafe call.maxima[index]) }
      let scale = p2s_u8_scale(largest)
      unsafe header[0] = scale.scale
      unsafe call.inverse = scale.inverse
      unsafe dispatch(Int32(copy.units), &call) { context, unit in
        let call = unsafe contents(of: context, as: CopyCall.self)
        let range = unsafe call.copy.range(ofUnit: Int(unit))
        unsafe p2s_to_u8(
          call.isa, call.source + range.lowerBound, Int64(range.count), call.inverse,
          call.elements.assumingMemoryBound(to: UInt8.self) + range.lowerBound)
      }
    }
  }

  func reducedTiles(
    _ step: Plan.Step, _ packed: ReducedConvolution, _ copy: ReducedCopy, _ segments: [p2s_segment],
    _ partition: Partition, residual: Bool, relu: Bool
  ) {
    let (input, output, unit) = (step.input, step.output, packed.unit)
    let channels = packed.wordChannels
    let storage = unsafe network.storage.base
    let reach = unit.padding * (input.row + input.pixel)
    unsafe segments.withUnsafeBufferPointer { segments in
      guard let list = segments.baseAddress else { return }
      let conv = unsafe p2s_conv(
        segments: list, weights: storage + packed.weightOffset, bias: storage + packed.biasOffset,
        segment_count: Int32(segments.count), depth: Int32(packed.depth), panels: Int32(packed.panels),
        panel_blocks: Int32(packed.panelBlocks), panels_per_group: Int32(packed.panelsPerGroup),
        relu: relu ? 1 : 0, rows: Int32(output.height), width: Int32(output.width),
        out_halo: Int32(output.writtenHalo), flat: partition.isFlat ? 1 : 0,
        row_tiles: Int32(partition.rowTiles), images: Int32(images),
        unit_tiles: Int32(partition.unitTiles), unit_panels: Int32(partition.unitPanels),
        panel_outer: partition.isPanelOuter ? 1 : 0, units_ahead: Int32(threadCount),
        in_pixel: Int64(unit.stride * input.pixel / channels),
        in_row: Int64(unit.stride * input.row / channels),
        in_group: Int64(packed.input.groupLanes / ChannelLayout.blockLanes * input.block / channels),
        out_row: Int64(output.row), out_block: Int64(output.block),
        in_image: Int64(plan.imageSteps[copy.buffer]), out_image: Int64(imageStep(output)))
      let reduced = unsafe p2s_reduced_conv(
        conv: conv, number: packed.number, scale: storage + packed.scaleOffset, input_scale: header(copy))
      let units = unsafe withUnsafePointer(to: conv) { unsafe p2s_conv_units($0) }
      let target = unsafe start(output) + output.origin
      unsafe withUnsafePointer(to: reduced) { reduced in
        var call = unsafe Call(
          isa: isa, layer: reduced, source: words(copy) + (input.origin - reach) / channels, target: target,
          residual: residual ? target : nil, units: units)
        unsafe dispatch(units, &call) { context, unit in
          let (call, unit) = unsafe Call<p2s_reduced_conv, UInt32>.at(context, unit)
          unsafe p2s_reduced_conv_unit(call.isa, call.layer, call.source, call.residual, call.target, unit)
        }
      }
    }
  }

  func reducedLanes(_ step: Plan.Step, _ packed: ReducedConvolution, _ copy: ReducedCopy) {
    unsafe forEachImage { calls in unsafe calls.reducedLanesOfOne(step, packed, copy) }
  }

  private func reducedLanesOfOne(_ step: Plan.Step, _ packed: ReducedConvolution, _ copy: ReducedCopy) {
    let (input, output, unit) = (step.input, step.output, packed.unit)
    let channels = packed.wordChannels
    let storage = unsafe network.storage.base
    let conv = unsafe p2s_grouped(
      weights: storage + packed.weightOffset, bias: storage + packed.biasOffset,
      blocks: Int32(output.blocks), group: Int32(output.layout.groupLanes), depth: Int32(packed.depth / 9),
      stride: Int32(unit.stride), relu: unit.relu ? 1 : 0, rows: Int32(output.height),
      width: Int32(output.width), out_halo: Int32(output.writtenHalo), unit_rows: unitRows(output),
      in_row: Int64(input.row / channels), in_block: Int64(input.block / channels),
      out_row: Int64(output.row), out_block: Int64(output.block))
    let reduced = unsafe p2s_reduced_grouped(
      conv: conv, number: packed.number, scale: storage + packed.scaleOffset, input_scale: header(copy))
    let units = unsafe withUnsafePointer(to: conv) { unsafe p2s_grouped_units($0) }
    unsafe withUnsafePointer(to: reduced) { reduced in
      var call = unsafe Call(
        isa: isa, layer: reduced, source: words(copy) + input.firstTap / channels,
        target: start(output) + output.origin, units: units)
      unsafe dispatch(units, &call) { context, unit in
        let (call, unit) = unsafe Call<p2s_reduced_grouped, UInt32>.at(context, unit)
        unsafe p2s_reduced_grouped_unit(call.isa, call.layer, call.source, call.target, unit)
      }
    }
  }
}

/// What each unit of one copy needs; see ``Call``.
@unsafe
private struct CopyCall {
  let copy: ReducedCopy
  let isa: p2s_isa
  let source: UnsafePointer<Float>
  let header: UnsafeMutablePointer<Float>
  let elements: UnsafeMutableRawPointer
  var inverse: Float = 0

  /// The largest value of each unit.
  var maxima: UnsafeMutablePointer<UInt32> {
    unsafe UnsafeMutableRawPointer(header + ReducedCopy.maximaOffset).assumingMemoryBound(to: UInt32.self)
  }
}
