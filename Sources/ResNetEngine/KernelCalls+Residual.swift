internal import CKernels
internal import ResNetArchitecture

/// Unsafe on purpose, as all of ``KernelCalls``: the plan sized and placed what these kernels read and write,
/// and units write disjoint memory.
extension KernelCalls {
  /// What a step reads and writes, cut into units.
  private func maps(_ step: Plan.Step) -> p2s_maps {
    let (input, output) = (step.input, step.output)
    return p2s_maps(
      blocks: Int32(output.blocks), in_rows: Int32(input.height), in_width: Int32(input.width),
      unit_rows: unsafe unitRows(output), in_row: Int64(input.row), in_block: Int64(input.block),
      out_row: Int64(output.row), out_block: Int64(output.block))
  }

  func averagePool(_ step: Plan.Step) {
    let (input, output) = (step.input, step.output)
    unsafe withUnsafePointer(to: maps(step)) { maps in
      var call = unsafe call(
        maps, step, units: p2s_avgpool_units(maps), source: input.origin, target: output.origin)
      unsafe run(&call) { context, unit in
        let (call, unit) = unsafe Call<p2s_maps, Float>.at(context, unit)
        unsafe p2s_avgpool_unit(call.layer, call.source, call.target, unit)
      }
    }
  }

  func window(_ step: Plan.Step, _ pool: PoolUnit) {
    let (input, output) = (step.input, step.output)
    let window = p2s_window(
      maps: unsafe maps(step), kind: pool.kind.window, kernel: Int32(pool.kernel), stride: Int32(pool.stride),
      padding: Int32(pool.padding), out_rows: Int32(output.height), out_width: Int32(output.width))
    unsafe withUnsafePointer(to: window) { window in
      var call = unsafe call(
        window, step, units: p2s_window_units(window), source: input.origin, target: output.origin)
      unsafe run(&call) { context, unit in
        let (call, unit) = unsafe Call<p2s_window, Float>.at(context, unit)
        unsafe p2s_window_unit(call.layer, call.source, call.target, unit)
      }
    }
  }

  func pad(_ step: Plan.Step, _ shortcut: PaddedShortcut) {
    let (input, output) = (step.input, step.output)
    let padding = p2s_padding(
      maps: unsafe maps(step), stride: Int32(shortcut.stride), channels: Int32(input.layout.channels),
      before: Int32(shortcut.before))
    unsafe withUnsafePointer(to: padding) { padding in
      var call = unsafe call(
        padding, step, units: p2s_padding_units(padding), source: input.origin, target: output.origin)
      unsafe run(&call) { context, unit in
        let (call, unit) = unsafe Call<p2s_padding, Float>.at(context, unit)
        unsafe p2s_padding_unit(call.layer, call.source, call.target, unit)
      }
    }
  }

  func zeroBorder(_ step: Plan.Step) {
    unsafe withUnsafePointer(to: step.output) { layer in
      var call = unsafe call(layer, step, units: Int32(step.output.blocks))
      unsafe run(&call) { context, unit in
        let (call, block) = unsafe Call<Activation, Float>.at(context, unit)
        let output = unsafe call.layer.pointee
        unsafe p2s_zero_border(
          call.target + Int(block) * output.block, Int32(output.height), Int32(output.width),
          Int32(output.halo))
      }
    }
  }

  /// `y += gate · x`, then ReLU.
  func gate(_ step: Plan.Step, _ gates: Activation) {
    let (input, output) = (step.input, step.output)
    unsafe withUnsafePointer(to: maps(step)) { maps in
      // The gates are as far apart from image to image as everything else that each image has in the arena.
      var call = unsafe call(
        maps, step, units: p2s_gate_units(maps), source: input.origin, target: output.origin)
      unsafe call.residual = UnsafePointer(start(gates))
      unsafe run(&call) { context, unit in
        let (call, unit) = unsafe Call<p2s_maps, Float>.at(context, unit)
        guard let gates = unsafe call.residual else { return }
        unsafe p2s_gate_unit(call.layer, call.source, gates, call.target, unit)
      }
    }
  }

  /// A gate's layer over neighboring channels: too little for more than one thread.
  func neighbors(_ step: Plan.Step, _ layer: PackedDense) {
    let count = step.input.layout.channels
    for image in unsafe 0..<images {
      let target = unsafe start(step.output) + image * imageStep(step.output)
      unsafe p2s_neighbors(
        network.storage.base + layer.weightOffset, start(step.input) + image * imageStep(step.input),
        Int32(layer.columns), Int32(count), target)
      unsafe p2s_sigmoid(target, Int32(count))
      for lane in count..<step.output.count { unsafe target[lane] = 0 }
    }
  }

  /// `W x + b` and what follows it.
  func dense(_ step: Plan.Step, _ packed: PackedDense) {
    let storage = unsafe network.storage.base
    let layer = unsafe DenseLayer(
      weights: storage + packed.weightOffset, bias: storage + packed.biasOffset, rows: packed.rows,
      columns: packed.columns, lanes: step.output.count, finish: packed.finish)
    unsafe withUnsafePointer(to: layer) { layer in
      let units = (packed.rows + denseRows - 1) / denseRows
      var call = unsafe call(layer, step, units: Int32(units))
      unsafe run(&call) { context, unit in
        let (call, unit) = unsafe Call<DenseLayer, Float>.at(context, unit)
        unsafe call.layer.pointee.run(call, first: Int(unit) * denseRows)
      }
    }
  }
}

extension PoolUnit.Kind {
  fileprivate var window: p2s_window_kind {
    switch self {
    case .maximum: .P2S_WINDOW_MAX
    case .average: .P2S_WINDOW_MEAN
    case .zeroPaddedAverage: .P2S_WINDOW_ALL
    case .blur: .P2S_WINDOW_BLUR
    }
  }
}

/// Rows of a dense layer in one unit of work.
private let denseRows = 16

@unsafe
private struct DenseLayer: BitwiseCopyable {
  let weights, bias: UnsafePointer<Float>
  let rows, columns: Int
  /// Floats of the output; those after the rows become zero.
  let lanes: Int
  let finish: PackedDense.Finish

  /// Computes up to ``denseRows`` rows.
  func run(_ call: Call<DenseLayer, Float>, first: Int) {
    let count = unsafe min(denseRows, rows - first)
    let target = unsafe call.target + first
    unsafe p2s_dense(
      call.isa, weights + first * columns, bias + first, call.source, Int32(count), Int32(columns), target)
    switch unsafe finish {
    case .none: break
    case .relu: for row in 0..<count { unsafe target[row] = target[row] < 0 ? 0 : target[row] }
    case .sigmoid: unsafe p2s_sigmoid(target, Int32(count))
    }
    if unsafe first + count == rows { for lane in unsafe count..<lanes - first { unsafe target[lane] = 0 } }
  }
}
