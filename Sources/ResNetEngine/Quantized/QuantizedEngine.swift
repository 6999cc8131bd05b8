internal import CKernels
public import ResNetArchitecture
public import SWTThreads

/// Computes a quantized network as one of PyTorch's engines does, bit for bit.
///
/// The output is float32, dequantized as by PyTorch's `DeQuantize`. Taps are the layers' integers, 0...255: those of a
/// convolution after its ReLU, of a block after its sum and ReLU, and of the pools. Results depend on neither
/// threads nor instruction set.
///
/// PyTorch's residual sums round the last elements of a tensor, which do not fill two vectors of 64 bytes, in
/// another way; with several threads and a size that they do not divide, elements in the middle too. Here the
/// sums are those of one thread.
public struct QuantizedEngine: ForwardEngine, Sendable {
  public typealias Scalar = Float

  /// The network in the terms of its layers.
  public let network: QuantizedNetwork
  /// Whose rounding this is.
  public let backend: QuantizedBackend
  let threads: ThreadPool
  let isa: p2s_isa
  private let layers: [String: PackedQuantizedLayer]
  /// The packed weights of all layers, and the byte where each layer's start.
  private let storage: FloatStorage
  private let offsets: [String: Int]
  let memory = MapMemory()

  public var tree: LayerTree { network.tree }

  /// Packs the network's weights.
  ///
  /// - Throws: ``InferenceError`` if the numbers of a layer are not what the engine can compute with.
  public init(
    _ network: QuantizedNetwork, _ backend: QuantizedBackend, threads: ThreadPool = ThreadPool(),
    instructions: InstructionSet = .best
  ) throws(InferenceError) {
    (self.network, self.backend, self.threads) = (network, backend, threads)
    isa = instructions.kernelValue
    let tiles = instructions.multipliesTiles
    var layers: [String: PackedQuantizedLayer] = [:]
    let units = Dictionary(
      network.tree.convolutions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    for step in network.topology.steps where step.kind == .layer {
      guard let layer = network.layers[step.name] else { throw .missingTensor("\(step.name).weight") }
      let input = network.numbers(of: network.topology.inputs[step.name] ?? "")
      if let unit = units[step.name] {
        let isFirst = network.topology.inputs[step.name] == QuantizedTopology.input
        let unitWidth = isFirst ? 4 : 16
        layers[step.name] = try PackedQuantizedLayer(
          convolution: unit, layer, input: input,
          inputChannels: (unit.inputChannels + unitWidth - 1) / unitWidth * unitWidth, backend, tiles: tiles)
      } else if let head = network.tree.head {
        layers[step.name] = try PackedQuantizedLayer(
          linear: head, layer, input: input, inputChannels: (head.inputFeatures + 15) / 16 * 16, backend,
          tiles: tiles)
      }
    }
    self.layers = layers
    var (offsets, bytes) = ([String: Int](), 0)
    for (name, layer) in layers {
      offsets[name] = bytes
      bytes += layer.weightBytes
    }
    (self.offsets, storage) = (offsets, FloatStorage(count: bytes / MemoryLayout<Float>.stride))
    pack()
    for block in network.tree.blocks where backend == .qnnpack { _ = try fixedSum(block) }
  }

  /// Each layer's weights have a place of their own.
  private func pack() {
    let names = layers.keys.sorted()
    threads.forEach(names.count) { number in
      let name = names[number]
      guard let layer = layers[name], let source = network.layers[name] else { return }
      unsafe layer.pack(source.weights, into: UnsafeMutablePointer(mutating: weights(of: name)))
    }
  }

  @unsafe
  private func weights(of name: String) -> UnsafePointer<Int8> {
    let bytes = unsafe UnsafeRawPointer(storage.base).assumingMemoryBound(to: Int8.self)
    return unsafe bytes + (offsets[name] ?? 0)
  }

  public func run(_ input: FeatureMap<Float>, taps: Set<String>) throws -> ForwardResult<Float> {
    try input.require([-1, tree.stem.inputChannels, -1, -1])
    try tree.requireSize(input.shape[2], input.shape[3])
    var pass = QuantizedPass(taps: Set(taps.map { tree.canonicalTap($0) }), images: input.shape[0])
    for tap in taps { _ = try tree.stage(ofTap: tap) }
    var output: [Float] = []
    var last: QuantizedMap?
    for image in 0..<input.shape[0] {
      pass.image = image
      var map = try quantize(input, image: image)
      for stage in tree.tapNames {
        let next = try compute(stage, map, &pass)
        memory.recycle(map)
        map = next
      }
      map.appendReal(to: &output)
      last = map
    }
    return result(last, output, input, pass, asked: taps, isVector: tree.head != nil)
  }

  public func runStage(
    _ stage: String, _ input: FeatureMap<Float>, taps: Set<String>
  ) throws -> ForwardResult<Float> {
    let stage = tree.canonicalTap(stage)
    guard let place = tree.tapNames.firstIndex(of: stage) else { throw InferenceError.unknownTap(stage) }
    var pass = QuantizedPass(taps: Set(taps.map { tree.canonicalTap($0) }), images: input.shape[0])
    var output: [Float] = []
    var last: QuantizedMap?
    for image in 0..<input.shape[0] {
      pass.image = image
      var map: QuantizedMap
      if place == 0 {
        map = try quantize(input, image: image)
      } else {
        map = QuantizedMap(
          integers: input, image: image, network.numbers(before: stage))
      }
      map = try compute(stage, map, &pass)
      if place == tree.tapNames.count - 1 { map.appendReal(to: &output) } else { map.append(to: &output) }
      last = map
    }
    let isVector = stage == "avgpool" || stage == tree.head?.name
    return result(last, output, input, pass, asked: taps, isVector: isVector)
  }

  private func result(
    _ last: QuantizedMap?, _ output: [Float], _ input: FeatureMap<Float>, _ pass: QuantizedPass,
    asked: Set<String>, isVector: Bool
  ) -> ForwardResult<Float> {
    var taps: [String: FeatureMap<Float>] = [:]
    for tap in asked { taps[tap] = pass.found[tree.canonicalTap(tap)] }
    guard let last else { return ForwardResult(output: FeatureMap(shape: [0], values: []), taps: taps) }
    let images = input.shape[0]
    let shape =
      isVector ? [images, last.channels] : [images, last.channels, last.rows, last.width]
    return ForwardResult(output: FeatureMap(shape: shape, values: output), taps: taps)
  }

  // MARK: Stages

  private func quantize(_ input: FeatureMap<Float>, image: Int) throws(InferenceError) -> QuantizedMap {
    let shape = input.shape
    let stride = (shape[1] + 3) / 4 * 4
    try Self.requireBytes(shape[2], shape[3], 64)
    var map = memory.map(
      rows: shape[2], width: shape[3], channels: shape[1], stride: stride, network.input)
    unsafe input.values.withUnsafeBufferPointer { values in
      unsafe map.bytes.withUnsafeMutableBufferPointer { bytes in
        unsafe p2s_quantize_image(
          values.start + image * shape[1] * shape[2] * shape[3], Int32(shape[1]),
          Int64(shape[2] * shape[3]), 1 / network.input.scale, network.input.zero, Int32(stride),
          bytes.start)
      }
    }
    return map
  }

  private func compute(
    _ stage: String, _ map: QuantizedMap, _ pass: inout QuantizedPass
  ) throws(InferenceError) -> QuantizedMap {
    if stage == tree.stem.name {
      return pass.keep(stage, try convolve(tree.stem.units, map, &pass))
    }
    if let pool = tree.maxPool, stage == pool.name { return pass.keep(stage, maximum(pool, map)) }
    if let block = tree.blocks.first(where: { $0.name == stage }) {
      let body = try convolve(block.body, map, &pass)
      let shortcut = try block.downsample.map { (unit) throws(InferenceError) in
        try convolve(unit.name, map, &pass)
      }
      let result = try sum(block, body, shortcut ?? map, pass)
      memory.recycle(body)
      if let shortcut { memory.recycle(shortcut) }
      return pass.keep(stage, result)
    }
    if stage == "avgpool" { return pass.keep(stage, mean(map), isVector: true) }
    return pass.keep(stage, try convolve(stage, map, &pass), isVector: true)
  }

  /// One convolution after the other.
  private func convolve(
    _ units: [ConvolutionUnit], _ map: QuantizedMap, _ pass: inout QuantizedPass
  ) throws(InferenceError) -> QuantizedMap {
    var map = map
    for (index, unit) in units.enumerated() {
      let next = try convolve(unit.name, map, &pass)
      if index > 0 { memory.recycle(map) }
      map = next
    }
    return map
  }

  private func convolve(
    _ name: String, _ map: QuantizedMap, _ pass: inout QuantizedPass
  ) throws(InferenceError) -> QuantizedMap {
    guard let layer = layers[name] else { throw .missingTensor("\(name).weight") }
    let input = memory.padded(map, by: layer.padding)
    defer { if layer.padding > 0 { memory.recycle(input) } }
    let span = layer.dilation * (layer.kernel - 1) + 1
    guard input.rows >= span, input.width >= span else {
      throw .imageTooSmall(height: map.rows, width: map.width)
    }
    let rows = (input.rows - span) / layer.stride + 1
    let width = (input.width - span) / layer.stride + 1
    try Self.requireBytes(input.rows, input.width, max(input.stride, layer.outputChannels))
    var offsets: [Int32] = []
    offsets.reserveCapacity(rows * width)
    for row in 0..<rows {
      for column in 0..<width {
        offsets.append(Int32((row * input.width + column) * layer.stride * input.stride))
      }
    }
    var output = memory.map(
      rows: rows, width: width, channels: layer.filters, stride: layer.outputChannels, layer.output)
    let pixels = rows * width
    // Chunks of pixels that stay in the cache; parts of the filters where threads need more units. All chunks of
    // a part follow each other, while its weights are in the cache.
    let chunks = (pixels + 95) / 96
    let unit = layer.multipliesTiles ? 32 : 6
    let chunk = ((pixels + chunks - 1) / chunks + unit - 1) / unit * unit
    let wanted = threads.count == 1 ? 1 : (4 * threads.count + chunks - 1) / chunks
    let panels = (layer.blocks + layer.panel - 1) / layer.panel
    let part = (panels + wanted - 1) / wanted * layer.panel
    let parts = (layer.blocks + part - 1) / part
    unsafe layer.withKernel(inputWidth: input.width, weights: weights(of: name)) { kernel in
      unsafe input.bytes.withUnsafeBufferPointer { source in
        unsafe offsets.withUnsafeBufferPointer { offsets in
          unsafe output.bytes.withUnsafeMutableBufferPointer { target in
            let work = unsafe ConvolutionWork(
              kernel: kernel, source: source.start, offsets: offsets.start,
              target: target.start)
            threads.forEach(chunks * parts) { unit in
              let start = unit % chunks * chunk
              let first = unit / chunks * part
              if start >= pixels { return }
              unsafe p2s_quantized_conv(
                isa, work.kernel, work.source, work.offsets + start, Int32(min(chunk, pixels - start)),
                Int32(first), Int32(min(first + part, layer.blocks)),
                work.target + start * layer.outputChannels)
            }
          }
        }
      }
    }
    return pass.keep(name, output, isVector: name == tree.head?.name)
  }

  /// What the units of a convolution share; they write disjoint parts of the target.
  @unsafe
  private struct ConvolutionWork: @unchecked Sendable {
    let kernel: UnsafePointer<p2s_quantized_conv>
    let source: UnsafePointer<UInt8>
    let offsets: UnsafePointer<Int32>
    let target: UnsafeMutablePointer<UInt8>
  }

  /// Offsets of pixels are 32-bit numbers.
  private static func requireBytes(_ rows: Int, _ width: Int, _ stride: Int) throws(InferenceError) {
    let (pixels, overflow) = rows.multipliedReportingOverflow(by: width)
    let (bytes, overflows) = pixels.multipliedReportingOverflow(by: stride)
    guard !overflow, !overflows, bytes < 1 << 31 else {
      throw .quantization("a feature map of \(rows)×\(width) pixels has 2 GiB or more")
    }
  }
}
