internal import CKernels
internal import ResNetArchitecture
internal import SWTThreads

/// Unsafe on purpose: passes pieces of the storage and of the source's memory to the C packers, from all
/// threads. Each unit writes its own panel only.
extension PackedNetwork {
  /// Folds and packs one convolution with its BatchNorm.
  func pack(_ packed: PackedConvolution, from source: some WeightSource, _ threads: ThreadPool) throws {
    let fold = try Normalization(of: packed.unit, from: source).folded
    let count = packed.unit.weightShape.reduce(1, *)
    try source.withFloats("\(packed.unit.name).weight", count: count) { weights in
      if packed.isRounded {
        pack(packed, Self.rounded(weights).span, scale: fold.scale, threads)
      } else {
        pack(packed, weights, scale: fold.scale, threads)
      }
    }
    packBias(packed, fold.bias)
  }

  /// The nearest bfloat16 numbers.
  private static func rounded(_ weights: Span<Float>) -> ContiguousArray<Float> {
    var result = ContiguousArray<Float>(repeating: 0, count: weights.count)
    unsafe weights.withUnsafeBufferPointer { weights in
      unsafe result.withUnsafeMutableBufferPointer { result in
        guard let from = weights.baseAddress, let to = result.baseAddress else { return }
        unsafe p2s_round_bf16(.P2S_ISA_PORTABLE, from, Int64(weights.count), to)
      }
    }
    return result
  }

  /// Copies the classifier, or a layer of a gate.
  func pack(_ layer: PackedDense, from source: some WeightSource, _ threads: ThreadPool) throws {
    try source.withFloats("\(layer.name).weight", count: layer.rows * layer.columns) {
      copy($0, to: layer.weightOffset, threads)
    }
    guard layer.hasBias else {
      if layer.storesBias { unsafe (storage.base + layer.biasOffset).update(repeating: 0, count: layer.rows) }
      return
    }
    try source.withFloats("\(layer.name).bias", count: layer.rows) { copy($0, to: layer.biasOffset, threads) }
  }

  /// Packs one convolution's weights, a panel in each unit of work.
  func pack(
    _ packed: PackedConvolution, _ weights: Span<Float>, scale: [Double]?, _ threads: ThreadPool
  ) {
    let order = packed.order
    unsafe weights.withUnsafeBufferPointer { weights in
      unsafe withOptionalPointer(scale) { scale in
        unsafe withOptionalPointer(order) { order in
          guard let source = weights.baseAddress else { return }
          nonisolated(unsafe) let panel = unsafe PanelPacker(
            packed: packed, isa: instructions.kernelValue, source: source, scale: scale, order: order,
            destination: storage.base + packed.weightOffset)
          threads.forEach(packed.panels) { index in unsafe panel.pack(index) }
        }
      }
    }
  }

  /// Rounds a bias to its lanes; lanes without a channel get zero.
  func packBias(_ packed: PackedConvolution, _ bias: [Double]) {
    let lanes = unsafe UnsafeMutableBufferPointer(
      start: storage.base + packed.biasOffset, count: packed.biasCount)
    unsafe lanes.update(repeating: 0)
    for (channel, value) in bias.enumerated() {
      unsafe lanes[packed.output.lane(channel)] = Float(value)
    }
  }

  /// Copies a dense layer's numbers, which need no other layout.
  func copy(_ values: Span<Float>, to offset: Int, _ threads: ThreadPool) {
    let piece = 1 << 16
    let count = values.count
    unsafe values.withUnsafeBufferPointer { values in
      guard let start = values.baseAddress else { return }
      nonisolated(unsafe) let source = unsafe start
      nonisolated(unsafe) let destination = unsafe storage.base + offset
      threads.forEach((count + piece - 1) / piece) { index in
        let first = index * piece
        unsafe (destination + first).update(from: source + first, count: min(piece, count - first))
      }
    }
  }
}

/// What packing one panel needs.
@unsafe
private struct PanelPacker {
  let packed: PackedConvolution
  let isa: p2s_isa
  let source: UnsafePointer<Float>
  let scale: UnsafePointer<Double>?
  let order: UnsafePointer<Int32>?
  let destination: UnsafeMutablePointer<Float>

  func pack(_ index: Int) {
    let (packed, isa) = unsafe (self.packed, self.isa)
    let panel = unsafe destination + index * packed.panelFloats
    let depth = packed.depth
    if case .lanes = packed.form {
      let filters = packed.filters(inBlock: index)
      let group = packed.unit.inputChannels / packed.unit.groups
      unsafe p2s_pack_grouped(source, scale, filters, Int32(group), panel)
      return
    }
    if packed.unit.isDiagonal { return unsafe packDiagonal(block: index, panel) }
    let lanes = packed.panelBlocks * ChannelLayout.blockLanes
    let runs = packed.output.runs(in: index * lanes..<(index + 1) * lanes)
    if runs.reduce(0, { $0 + $1.count }) < lanes {
      unsafe panel.update(repeating: 0, count: packed.panelFloats)
    }
    for run in runs {
      let scale = unsafe scale.map { unsafe $0 + run.channel }
      let target = unsafe panel + run.lane - index * lanes
      if case .winograd = packed.form {
        unsafe p2s_pack_winograd(
          isa, source + run.channel * depth * 9, scale, Int32(run.count), Int32(depth), Int32(lanes), target)
      } else {
        unsafe p2s_pack_panel(
          isa, source + run.channel * depth, scale, order, Int32(run.count), Int32(depth), Int32(lanes),
          target)
      }
    }
  }

  /// Several groups in one block: zeros between the lanes of different groups.
  private func packDiagonal(block: Int, _ panel: UnsafeMutablePointer<Float>) {
    let (lanes, layout, unit) = unsafe (ChannelLayout.blockLanes, packed.output, packed.unit)
    let area = unit.kernel * unit.kernel
    var step = 0
    for run in unsafe packed.inputRuns {
      for tap in 0..<area {
        for place in run.lane..<run.lane + run.count {
          for lane in 0..<lanes {
            var weight: Float = 0
            if lane / layout.groupLanes == place / layout.groupLanes,
              let filter = layout.channel(inLane: block * lanes + lane)
            {
              let index = (filter * layout.group + place % layout.groupLanes) * area + tap
              unsafe weight = Float(Double(source[index]) * (scale?[filter] ?? 1))
            }
            unsafe panel[step * lanes + lane] = weight
          }
          step += 1
        }
      }
    }
  }
}

/// Lends an array as a pointer, or nothing as a null pointer.
private func withOptionalPointer<Element>(
  _ array: [Element]?, _ body: (UnsafePointer<Element>?) -> Void
) {
  guard let array else { return body(nil) }
  unsafe array.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
}
