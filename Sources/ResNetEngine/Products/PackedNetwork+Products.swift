internal import CKernels
internal import ResNetArchitecture
internal import SWTThreads

/// Unsafe on purpose: passes pieces of the storage and of the source's memory to the C packers, from all
/// threads. Each unit writes its own panel, or its own filters, only.
extension PackedNetwork {
  /// Packs one convolution for products of tiles. Float32 weights are multiplied by BatchNorm's factor,
  /// rounded once and split; bfloat16 and integers are rounded as they are, and the factor goes into the
  /// scale of each output.
  func pack(_ product: ProductConvolution, from source: some WeightSource, _ threads: ThreadPool) throws {
    let unit = product.unit
    let fold = try Normalization(of: unit, from: source).folded
    let isSplit = p2s_split_parts(product.split) > 1
    var scales = fold.scale ?? [Double](repeating: 1, count: unit.outputChannels)
    clearLanes(at: product.scaleOffset, count: product.laneCount)
    switch product.split {
    case .P2S_SPLIT_BF16, .P2S_SPLIT_I8:
      let number: p2s_number = product.split == .P2S_SPLIT_I8 ? .P2S_I8 : .P2S_BF16
      try unsafe withWords(number, of: unit, from: source, scales: &scales, threads) {
        unsafe pack(product, $0, nil, threads)
      }
    case .P2S_SPLIT_X6, .P2S_SPLIT_X8:
      let count = unit.weightShape.reduce(1, *)
      try source.withFloats("\(unit.name).weight", count: count) { weights in
        unsafe weights.withUnsafeBufferPointer { weights in
          unsafe scales.withUnsafeBufferPointer { scales in
            unsafe pack(
              product, weights.baseAddress, fold.scale == nil ? nil : scales.baseAddress, threads)
          }
        }
      }
    }
    storeLanes(
      of: product.output, at: product.scaleOffset, count: product.laneCount, scales: isSplit ? nil : scales,
      bias: fold.bias)
  }

  private func pack(
    _ product: ProductConvolution, _ weights: UnsafeRawPointer?, _ scale: UnsafePointer<Double>?,
    _ threads: ThreadPool
  ) {
    guard let weights = unsafe weights else { return }
    nonisolated(unsafe) let packer = unsafe ProductPacker(
      product: product, isa: instructions.kernelValue, weights: weights, scale: scale,
      destination: UnsafeMutableRawPointer(storage.base + product.weightOffset)
        .assumingMemoryBound(to: UInt32.self), scales: storage.base + product.scaleOffset,
      order: product.unit.groups == 1 ? product.order(ofPanel: 0, group: 0) : nil)
    threads.forEach(product.panels) { panel in unsafe packer.pack(panel) }
  }
}

/// What packing one panel needs.
@unsafe
private struct ProductPacker {
  let product: ProductConvolution
  let isa: p2s_isa
  let weights: UnsafeRawPointer
  let scale: UnsafePointer<Double>?
  let destination: UnsafeMutablePointer<UInt32>
  let scales: UnsafeMutablePointer<Float>
  /// Of all panels, where that is the same.
  let order: [Int32]?

  func pack(_ panel: Int) {
    let (product, lanes) = unsafe (self.product, ProductConvolution.panelLanes)
    let size = product.unit.weightShape.dropFirst().reduce(1, *)
    let target = unsafe destination + panel * product.panelWords
    unsafe target.update(repeating: 0, count: product.panelWords)
    var known: (group: Int, order: [Int32]) = unsafe (order == nil ? -1 : 0, order ?? [])
    for (run, group) in product.filterRuns(ofPanel: panel) {
      if known.group != group { known = (group, product.order(ofPanel: panel, group: group)) }
      let indices = known.order
      let place = run.lane - panel * lanes
      let (filters, steps) = (Int32(run.count), Int32(product.steps))
      switch product.split {
      case .P2S_SPLIT_BF16, .P2S_SPLIT_I8:
        let isInteger = product.split == .P2S_SPLIT_I8
        let bytes = size * (isInteger ? 1 : MemoryLayout<Float>.stride)
        unsafe p2s_pack_words(
          isInteger ? .P2S_I8 : .P2S_BF16, weights + run.channel * bytes, indices, filters, Int32(size),
          16 * steps, Int32(lanes), target + place)
      case .P2S_SPLIT_X6, .P2S_SPLIT_X8:
        let floats = unsafe weights.assumingMemoryBound(to: Float.self) + run.channel * size
        unsafe p2s_pack_split(
          isa, product.split, floats, scale.map { unsafe $0 + run.channel }, indices, filters, Int32(size),
          steps, target + place, scales + run.lane)
      }
    }
  }
}
