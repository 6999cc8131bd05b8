internal import CKernels
internal import ResNetArchitecture
internal import SWTThreads

/// Unsafe on purpose: passes pieces of the storage and of the source's memory to the C packers, from all
/// threads. Each unit writes its own panel, or its own filters, only.
extension PackedNetwork {
  /// Packs one convolution's weights as they are stored, or rounded once; BatchNorm's factor goes into the
  /// scale of each output channel, so that no weight is rounded twice.
  func pack(_ reduced: ReducedConvolution, from source: some WeightSource, _ threads: ThreadPool) throws {
    let unit = reduced.unit
    let fold = try Normalization(of: unit, from: source).folded
    var scales = fold.scale ?? [Double](repeating: 1, count: unit.outputChannels)
    clearLanes(at: reduced.scaleOffset, count: reduced.laneCount)
    try unsafe withWords(reduced.number, of: unit, from: source, scales: &scales, threads) {
      unsafe pack(reduced, $0, threads)
    }
    storeLanes(
      of: reduced.output, at: reduced.scaleOffset, count: reduced.laneCount, scales: scales, bias: fold.bias)
  }

  /// Lends a layer's weights as the packers of words read them: floats that they round, or integers, whose
  /// scales are multiplied into `scales`.
  func withWords(
    _ number: p2s_number, of unit: ConvolutionUnit, from source: some WeightSource,
    scales: inout [Double], _ threads: ThreadPool, _ body: (UnsafeRawPointer?) -> Void
  ) throws {
    let name = "\(unit.name).weight"
    switch number {
    case .P2S_BF16:
      try source.withFloats(name, count: unit.weightShape.reduce(1, *)) { weights in
        unsafe weights.withUnsafeBufferPointer { unsafe body(UnsafeRawPointer($0.baseAddress)) }
      }
    case .P2S_I8:
      let filters = try integers(name, of: unit, from: source, threads)
      for channel in scales.indices { scales[channel] *= filters.scales[channel] }
      unsafe filters.values.withUnsafeBufferPointer { unsafe body(UnsafeRawPointer($0.baseAddress)) }
    }
  }

  /// A layer's lanes: `count` scales, then as many biases. Lanes without a channel stay zero.
  private func lanes(at offset: Int, count: Int) -> UnsafeMutableBufferPointer<Float> {
    unsafe UnsafeMutableBufferPointer(start: storage.base + offset, count: 2 * count)
  }

  func clearLanes(at offset: Int, count: Int) {
    unsafe lanes(at: offset, count: count).update(repeating: 0)
  }

  /// Writes the bias of each output channel, and the scales, unless the packer has written them.
  func storeLanes(
    of output: ChannelLayout, at offset: Int, count: Int, scales: [Double]?, bias: [Double]
  ) {
    let lanes = unsafe lanes(at: offset, count: count)
    for channel in bias.indices {
      let lane = output.lane(channel)
      if let scales { unsafe lanes[lane] = Float(scales[channel]) }
      unsafe lanes[count + lane] = Float(bias[channel])
    }
  }

  /// The integers that the source has, or else its numbers quantized filter by filter.
  func integers(
    _ name: String, of unit: ConvolutionUnit, from source: some WeightSource, _ threads: ThreadPool
  ) throws -> QuantizedFilters {
    let count = unit.weightShape.reduce(1, *)
    if let stored = try source.integers(name) {
      guard stored.values.count == count, stored.scales.count == unit.outputChannels else {
        throw InferenceError.wrongCount(name, expected: count, actual: stored.values.count)
      }
      return stored
    }
    let size = count / unit.outputChannels
    var filters = QuantizedFilters(
      values: ContiguousArray(repeating: 0, count: count),
      scales: [Double](repeating: 1, count: unit.outputChannels))
    try source.withFloats(name, count: count) { weights in
      unsafe weights.withUnsafeBufferPointer { weights in
        unsafe filters.values.withUnsafeMutableBufferPointer { values in
          unsafe filters.scales.withUnsafeMutableBufferPointer { scales in
            guard let weights = weights.baseAddress, let values = values.baseAddress,
              let scales = scales.baseAddress
            else { return }
            nonisolated(unsafe) let shared = unsafe (weights, values, scales)
            threads.forEach(unit.outputChannels) { filter in
              let scale = unsafe p2s_quantize_filter(
                shared.0 + filter * size, Int32(size), shared.1 + filter * size)
              unsafe shared.2[filter] = Double(scale)
            }
          }
        }
      }
    }
    return filters
  }

  /// A panel in each unit of work; `weights` are floats or integers, as the number says.
  private func pack(_ reduced: ReducedConvolution, _ weights: UnsafeRawPointer?, _ threads: ThreadPool) {
    guard let weights = unsafe weights else { return }
    let unit = reduced.unit
    let size = unit.weightShape.dropFirst().reduce(1, *)
    let bytes = size * (reduced.number == .P2S_I8 ? 1 : MemoryLayout<Float>.size)
    let order = reduced.form == .lanes ? [0] : reduced.order
    nonisolated(unsafe) let source = unsafe weights
    nonisolated(unsafe) let target = unsafe UnsafeMutableRawPointer(storage.base + reduced.weightOffset)
      .assumingMemoryBound(to: UInt32.self)
    threads.forEach(reduced.panels) { index in
      let panel = unsafe target + index * reduced.panelWords
      if reduced.form == .lanes {
        unsafe p2s_pack_grouped_words(
          reduced.number, source, reduced.output.filters(inBlock: index), Int32(reduced.output.groupLanes),
          Int32(reduced.output.group), panel)
        return
      }
      let lanes = reduced.panelBlocks * ChannelLayout.blockLanes
      unsafe panel.update(repeating: 0, count: reduced.panelWords)
      for run in reduced.output.runs(in: index * lanes..<(index + 1) * lanes) {
        unsafe p2s_pack_words(
          reduced.number, source + run.channel * bytes, order, Int32(run.count), Int32(size),
          Int32(reduced.depth), Int32(lanes), panel + run.lane - index * lanes)
      }
    }
  }
}
