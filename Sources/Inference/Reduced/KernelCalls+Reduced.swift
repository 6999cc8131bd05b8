internal import CKernels
internal import SWTResNet

/// Unsafe on purpose, as all of ``KernelCalls``: the plan sized and placed the copies, and units write
/// disjoint memory.
extension KernelCalls {
  /// The first float of a copy.
  private func header(_ copy: ReducedCopy) -> UnsafeMutablePointer<Float> {
    unsafe arena + plan.offsets[copy.buffer]
  }

  /// The first word of a copy's elements.
  private func words(_ copy: ReducedCopy) -> UnsafeMutablePointer<UInt32> {
    unsafe UnsafeMutableRawPointer(header(copy) + copy.elementsOffset).assumingMemoryBound(to: UInt32.self)
  }

  /// Copies an activation; integers need its largest value first.
  func reduce(_ copy: ReducedCopy) {
    nonisolated(unsafe) let source = unsafe start(copy.source)
    nonisolated(unsafe) let header = unsafe self.header(copy)
    nonisolated(unsafe) let elements = unsafe UnsafeMutableRawPointer(words(copy))
    let isa = unsafe self.isa
    switch copy.number {
    case .P2S_BF16:
      unsafe header[0] = 1
      unsafe threads.forEach(copy.units) { index in
        let range = copy.range(ofUnit: index)
        unsafe p2s_to_bf16(
          isa, source + range.lowerBound, Int64(range.count),
          elements.assumingMemoryBound(to: UInt16.self) + range.lowerBound)
      }
    case .P2S_I8:
      nonisolated(unsafe) let maxima = unsafe UnsafeMutableRawPointer(header + ReducedCopy.maximaOffset)
        .assumingMemoryBound(to: UInt32.self)
      unsafe threads.forEach(copy.units) { index in
        let range = copy.range(ofUnit: index)
        unsafe maxima[index] = p2s_largest(isa, source + range.lowerBound, Int64(range.count))
      }
      var largest: UInt32 = 0
      for index in 0..<copy.units { largest = max(largest, unsafe maxima[index]) }
      let scale = p2s_u8_scale(largest)
      unsafe header[0] = scale.scale
      unsafe threads.forEach(copy.units) { index in
        let range = copy.range(ofUnit: index)
        unsafe p2s_to_u8(
          isa, source + range.lowerBound, Int64(range.count), scale.inverse,
          elements.assumingMemoryBound(to: UInt8.self) + range.lowerBound)
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
        out_halo: Int32(output.halo), flat: partition.isFlat ? 1 : 0, row_tiles: Int32(partition.rowTiles),
        unit_tiles: Int32(partition.unitTiles), unit_panels: Int32(partition.unitPanels),
        panel_outer: partition.isPanelOuter ? 1 : 0, units_ahead: Int32(threads.count),
        in_pixel: Int64(unit.stride * input.pixel / channels),
        in_row: Int64(unit.stride * input.row / channels),
        in_group: Int64(packed.input.groupLanes / ChannelLayout.blockLanes * input.block / channels),
        out_row: Int64(output.row), out_block: Int64(output.block))
      let reduced = unsafe p2s_reduced_conv(
        conv: conv, number: packed.number, scale: storage + packed.scaleOffset, input_scale: header(copy))
      nonisolated(unsafe) let source = unsafe words(copy) + (input.origin - reach) / channels
      nonisolated(unsafe) let target = unsafe start(output) + output.origin
      unsafe withUnsafePointer(to: reduced) { reduced in
        nonisolated(unsafe) let reduced = unsafe reduced
        let isa = unsafe self.isa
        let units = unsafe withUnsafePointer(to: reduced.pointee.conv) { unsafe p2s_conv_units($0) }
        unsafe threads.forEach(Int(units)) { index in
          unsafe p2s_reduced_conv_unit(isa, reduced, source, residual ? target : nil, target, Int32(index))
        }
      }
    }
  }

  func reducedLanes(_ step: Plan.Step, _ packed: ReducedConvolution, _ copy: ReducedCopy) {
    let (input, output, unit) = (step.input, step.output, packed.unit)
    let channels = packed.wordChannels
    let storage = unsafe network.storage.base
    let conv = unsafe p2s_grouped(
      weights: storage + packed.weightOffset, bias: storage + packed.biasOffset,
      blocks: Int32(output.blocks), group: Int32(output.layout.groupLanes), depth: Int32(packed.depth / 9),
      stride: Int32(unit.stride), relu: unit.relu ? 1 : 0, rows: Int32(output.height),
      width: Int32(output.width), out_halo: Int32(output.halo), unit_rows: unitRows(output),
      in_row: Int64(input.row / channels), in_block: Int64(input.block / channels),
      out_row: Int64(output.row), out_block: Int64(output.block))
    let reduced = unsafe p2s_reduced_grouped(
      conv: conv, number: packed.number, scale: storage + packed.scaleOffset, input_scale: header(copy))
    nonisolated(unsafe) let source = unsafe words(copy)
    nonisolated(unsafe) let target = unsafe start(output) + output.origin
    unsafe withUnsafePointer(to: reduced) { reduced in
      nonisolated(unsafe) let reduced = unsafe reduced
      let isa = unsafe self.isa
      let units = unsafe withUnsafePointer(to: reduced.pointee.conv) { unsafe p2s_grouped_units($0) }
      unsafe threads.forEach(Int(units)) { index in
        unsafe p2s_reduced_grouped_unit(isa, reduced, source, target, Int32(index))
      }
    }
  }
}
