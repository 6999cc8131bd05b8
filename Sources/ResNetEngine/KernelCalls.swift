internal import CKernels
internal import ResNetArchitecture
internal import SWTThreads

/// Unsafe on purpose: turns a step of the plan into calls of one C kernel, a call for each unit of work.
///
/// Safe because the plan sized the arena and placed each activation, the packed network sized its storage,
/// and the units of one kernel write disjoint memory.
@unsafe
struct KernelCalls {
  let network: PackedNetwork
  let plan: Plan
  var arena: UnsafeMutablePointer<Float>
  let isa: p2s_isa
  /// nil: everything on the calling thread.
  let threads: ThreadPool?
  /// The images that a step computes: so many from this one on, counted within the arena.
  var image = 0
  var images = 1

  /// The first float of an activation, halo included, of the first image.
  func start(_ activation: Activation) -> UnsafeMutablePointer<Float> {
    unsafe start(buffer: activation.buffer)
  }

  func start(buffer: Int) -> UnsafeMutablePointer<Float> {
    unsafe arena + plan.offsets[buffer] + image * plan.imageSteps[buffer]
  }

  /// Floats between an activation of one image and of the next.
  func imageStep(_ activation: Activation) -> Int { unsafe plan.imageSteps[activation.buffer] }

  var threadCount: Int { unsafe threads?.count ?? 1 }

  /// A call for each image, from `source` floats after the start of the input to `target` after that of the
  /// output.
  func call<Layer>(
    _ layer: UnsafePointer<Layer>, _ step: Plan.Step, units: Int32, source: Int = 0, target: Int = 0
  ) -> Call<Layer, Float> {
    unsafe Call(
      isa: isa, layer: layer, source: start(step.input) + source, target: start(step.output) + target,
      units: units, sourceStep: imageStep(step.input), targetStep: imageStep(step.output))
  }

  func run(_ step: Plan.Step) {
    switch step.kernel {
    case .tiles(let packed, let segments, let partition, let residual, let relu):
      unsafe tiles(step, packed, segments, partition, residual: residual, relu: relu)
    case .lanes(let packed): unsafe lanes(step, packed)
    case .winograd(let packed, let segments, let strip, let transformed, let residual, let relu):
      unsafe winograd(
        step, packed, segments, strip: strip, transformed: transformed, residual: residual, relu: relu)
    case .maxPool: unsafe maxPool(step)
    case .window(let pool): unsafe window(step, pool)
    case .mean: unsafe wholePlanes(step, isMaximum: false)
    case .largest: unsafe wholePlanes(step, isMaximum: true)
    case .averagePool: unsafe averagePool(step)
    case .padding(let padding): unsafe pad(step, padding)
    case .border: unsafe zeroBorder(step)
    case .neighbors(let layer): unsafe neighbors(step, layer)
    case .gate(let gates): unsafe gate(step, gates)
    case .reduce(let copy): unsafe reduce(copy)
    case .reducedTiles(let packed, let copy, let segments, let partition, let residual, let relu):
      unsafe reducedTiles(step, packed, copy, segments, partition, residual: residual, relu: relu)
    case .reducedLanes(let packed, let copy): unsafe reducedLanes(step, packed, copy)
    case .round: unsafe round(step)
    case .lines(let copy): unsafe lines(copy)
    case .products(let product, let cut): unsafe products(step, product, cut)
    case .dense(let layer): unsafe dense(step, layer)
    }
  }

  private func tiles(
    _ step: Plan.Step, _ packed: PackedConvolution, _ segments: [p2s_segment], _ partition: Partition,
    residual: Bool, relu: Bool
  ) {
    let (input, output, unit) = (step.input, step.output, packed.unit)
    let storage = unsafe network.storage.base
    let reach = unit.padding * (input.row + input.pixel)
    unsafe segments.withUnsafeBufferPointer { segments in
      guard let list = segments.baseAddress else { return }
      let conv = unsafe p2s_conv(
        segments: list, weights: storage + packed.weightOffset, bias: storage + packed.biasOffset,
        segment_count: Int32(segments.count), depth: Int32(packed.depth), panels: Int32(packed.panels),
        panel_blocks: Int32(packed.panelBlocks),
        panels_per_group: Int32(packed.groupBlocks / packed.panelBlocks), relu: relu ? 1 : 0,
        rows: Int32(output.height), width: Int32(output.width), out_halo: Int32(output.writtenHalo),
        flat: partition.isFlat ? 1 : 0, row_tiles: Int32(partition.rowTiles), images: Int32(images),
        unit_tiles: Int32(partition.unitTiles), unit_panels: Int32(partition.unitPanels),
        panel_outer: partition.isPanelOuter ? 1 : 0, units_ahead: Int32(threadCount),
        in_pixel: Int64(unit.stride * input.pixel), in_row: Int64(unit.stride * input.row),
        in_group: Int64(packed.inputBlocks * input.block),
        out_row: Int64(output.row), out_block: Int64(output.block), in_image: Int64(imageStep(input)),
        out_image: Int64(imageStep(output)))
      unsafe withUnsafePointer(to: conv) { conv in
        // The units of all images, since they share the weights.
        let units = unsafe p2s_conv_units(conv)
        var call = unsafe call(conv, step, units: units, source: input.origin - reach, target: output.origin)
        if residual { unsafe call.residual = UnsafePointer(call.target) }
        unsafe dispatch(units, &call) { context, unit in
          let (call, unit) = unsafe Call<p2s_conv, Float>.at(context, unit)
          unsafe p2s_conv_unit(call.isa, call.layer, call.source, call.residual, call.target, unit)
        }
      }
    }
  }

  private func lanes(_ step: Plan.Step, _ packed: PackedConvolution) {
    let (input, output, unit) = (step.input, step.output, packed.unit)
    let storage = unsafe network.storage.base
    let conv = unsafe p2s_grouped(
      weights: storage + packed.weightOffset, bias: storage + packed.biasOffset,
      blocks: Int32(output.blocks), group: Int32(output.layout.groupLanes),
      depth: Int32(output.layout.group), stride: Int32(unit.stride), relu: unit.relu ? 1 : 0,
      rows: Int32(output.height), width: Int32(output.width), out_halo: Int32(output.writtenHalo),
      unit_rows: unitRows(output), in_row: Int64(input.row), in_block: Int64(input.block),
      out_row: Int64(output.row), out_block: Int64(output.block))
    unsafe withUnsafePointer(to: conv) { conv in
      var call = unsafe call(
        conv, step, units: p2s_grouped_units(conv), source: input.firstTap, target: output.origin)
      unsafe run(&call) { context, unit in
        let (call, unit) = unsafe Call<p2s_grouped, Float>.at(context, unit)
        unsafe p2s_grouped_unit(call.isa, call.layer, call.source, call.target, unit)
      }
    }
  }

  private func winograd(
    _ step: Plan.Step, _ packed: PackedConvolution, _ segments: [p2s_segment], strip: Int, transformed: Int,
    residual: Bool, relu: Bool
  ) {
    let (input, output) = (step.input, step.output)
    let (middle, middleStep) = unsafe (start(buffer: transformed), plan.imageSteps[transformed])
    let storage = unsafe network.storage.base
    unsafe segments.withUnsafeBufferPointer { segments in
      guard let list = segments.baseAddress else { return }
      let conv = unsafe p2s_winograd(
        segments: list, weights: storage + packed.weightOffset, bias: storage + packed.biasOffset,
        segment_count: Int32(segments.count), depth: Int32(packed.depth), in_blocks: Int32(input.blocks),
        panels: Int32(packed.panels), panels_per_group: Int32(packed.groupBlocks / packed.panelBlocks),
        panel_blocks: Int32(packed.panelBlocks), relu: relu ? 1 : 0, rows: Int32(output.height),
        width: Int32(output.width), out_halo: Int32(output.writtenHalo), strip_tiles: Int32(strip),
        images: Int32(images), in_row: Int64(input.row), in_block: Int64(input.block),
        out_row: Int64(output.row), out_block: Int64(output.block), transformed_image: Int64(middleStep),
        out_image: Int64(imageStep(output)))
      unsafe withUnsafePointer(to: conv) { conv in
        var spread = unsafe call(conv, step, units: p2s_winograd_input_units(conv), source: input.firstTap)
        unsafe spread.target = middle
        unsafe spread.targetStep = middleStep
        unsafe run(&spread) { context, unit in
          let (call, unit) = unsafe Call<p2s_winograd, Float>.at(context, unit)
          unsafe p2s_winograd_input_unit(call.isa, call.layer, call.source, call.target, unit)
        }
        // The units of all images, since they share the weights.
        let units = unsafe p2s_winograd_units(conv)
        var call = unsafe call(conv, step, units: units, target: output.origin)
        unsafe call.source = UnsafePointer(middle)
        if residual { unsafe call.residual = UnsafePointer(call.target) }
        unsafe dispatch(units, &call) { context, unit in
          let (call, unit) = unsafe Call<p2s_winograd, Float>.at(context, unit)
          unsafe p2s_winograd_unit(call.isa, call.layer, call.source, call.residual, call.target, unit)
        }
      }
    }
  }

  private func maxPool(_ step: Plan.Step) {
    let (input, output) = (step.input, step.output)
    let pool = p2s_maxpool(
      blocks: Int32(input.blocks), in_rows: Int32(input.height), in_width: Int32(input.width),
      out_halo: Int32(output.writtenHalo), unit_rows: unsafe unitRows(output), in_block: Int64(input.block),
      out_row: Int64(output.row), out_block: Int64(output.block))
    unsafe withUnsafePointer(to: pool) { pool in
      var call = unsafe call(pool, step, units: p2s_maxpool_units(pool), target: output.origin)
      unsafe run(&call) { context, unit in
        let (call, unit) = unsafe Call<p2s_maxpool, Float>.at(context, unit)
        unsafe p2s_maxpool_unit(call.isa, call.layer, call.source, call.target, unit)
      }
    }
  }

  private func wholePlanes(_ step: Plan.Step, isMaximum: Bool) {
    let (input, output) = (step.input, step.output)
    let layer = PlaneLayer(
      rows: Int32(input.height), width: Int32(input.width), row: Int64(input.row), block: input.block,
      outputBlock: output.block, isMaximum: isMaximum)
    unsafe withUnsafePointer(to: layer) { layer in
      var call = unsafe call(layer, step, units: Int32(input.blocks), source: input.origin)
      unsafe run(&call) { context, unit in
        let (call, block) = unsafe Call<PlaneLayer, Float>.at(context, unit)
        let layer = unsafe call.layer.pointee
        let source = unsafe call.source + Int(block) * layer.block
        let target = unsafe call.target + Int(block) * layer.outputBlock
        if layer.isMaximum {
          unsafe p2s_max_block(source, layer.rows, layer.width, layer.row, target)
        } else {
          unsafe p2s_mean_block(call.isa, source, layer.rows, layer.width, layer.row, target)
        }
      }
    }
  }

  /// Rows of one block in a unit of work: about eight units for each thread.
  func unitRows(_ output: Activation) -> Int32 {
    let units = unsafe 8 * threadCount
    return Int32(max(1, min(output.height, output.height * output.blocks / units)))
  }
}

/// The global mean or maximum of a plane; a unit is a block.
private struct PlaneLayer: BitwiseCopyable {
  let rows, width: Int32
  let row: Int64
  let block, outputBlock: Int
  let isMaximum: Bool
}
