internal import CKernels
internal import ResNetArchitecture

/// How a layer's weights are arranged for the kernels, and the numbers of one engine's rounding.
struct PackedQuantizedLayer: Sendable {
  let name: String
  let kernel, stride, padding, dilation: Int
  let filters: Int
  let output: QuantizationNumbers
  let inputZero: Int32
  /// Bytes of an input pixel.
  let inputChannels: Int
  /// Bytes of an output pixel: whole blocks of 16 filters.
  let outputChannels: Int
  private let rounding: p2s_requantization
  private let relu: Bool
  /// Input channels per group, and filters.
  private let inputs, perGroup: Int
  private let window: Int
  /// Blocks of 16 filters that are computed together; they read the same channels.
  let panel: Int
  /// Channels per group if a block has several and vectors have no zeros; otherwise 0.
  private let lanes: Int
  /// Whether sums are computed by products of tiles.
  let multipliesTiles: Bool
  /// Bytes of the packed weights.
  let weightBytes: Int
  private let first: [Int32]
  private let start: [Int32]
  private let scale: [Float]
  private let bias: [Float]
  private let whole: [Int32]
  /// The input's scale.
  private let factor: Float
  private let inverse: Float

  /// - Throws: ``InferenceError`` if sizes do not fit, or if a sum or a factor would not be what the engine
  ///   computes.
  init(
    convolution unit: ConvolutionUnit, _ layer: QuantizedLayer, input: QuantizationNumbers,
    inputChannels: Int, _ backend: QuantizedBackend, tiles: Bool
  ) throws(InferenceError) {
    try self.init(
      unit.name, layer, input: input, shape: unit.weightShape, groups: unit.groups, stride: unit.stride,
      padding: unit.padding, dilation: unit.dilation, relu: unit.relu, inputChannels: inputChannels,
      tiles: tiles,
      rounding: backend == .fbgemm ? .P2S_FBGEMM : backend == .qnnpack ? .P2S_QNNPACK : .P2S_ONEDNN,
      inputScale: backend == .x86 || backend == .onednn ? 1 / (1 / input.scale) : input.scale)
  }

  /// The classifier, as a convolution of one pixel.
  init(
    linear unit: LinearUnit, _ layer: QuantizedLayer, input: QuantizationNumbers, inputChannels: Int,
    _ backend: QuantizedBackend, tiles: Bool
  ) throws(InferenceError) {
    try self.init(
      unit.name, layer, input: input, shape: [unit.outputFeatures, unit.inputFeatures, 1, 1], groups: 1,
      stride: 1, padding: 0, dilation: 1, relu: false, inputChannels: inputChannels, tiles: tiles,
      rounding: backend == .onednn ? .P2S_ONEDNN : backend == .qnnpack ? .P2S_QNNPACK : .P2S_FBGEMM,
      inputScale: input.scale)
  }

  private init(
    _ name: String, _ layer: QuantizedLayer, input: QuantizationNumbers, shape: [Int], groups: Int,
    stride: Int, padding: Int, dilation: Int, relu: Bool, inputChannels: Int, tiles: Bool,
    rounding: p2s_requantization, inputScale: Float
  ) throws(InferenceError) {
    let (filters, inputs, kernel) = (shape[0], shape[1], shape[2])
    guard layer.weights.count == shape.reduce(1, *) else {
      throw .wrongCount("\(name).weight", expected: shape.reduce(1, *), actual: layer.weights.count)
    }
    guard layer.bias.count == filters, layer.scales.count == filters else {
      throw .wrongCount("\(name).bias", expected: filters, actual: layer.bias.count)
    }
    let terms = inputs * kernel * kernel
    guard terms <= QuantizedTopology.mostTerms else {
      throw .quantization(
        "a sum of \(name) has \(terms) products, which a 32-bit accumulator cannot hold")
    }
    self.name = name
    (self.kernel, self.stride, self.padding, self.dilation) = (kernel, stride, padding, dilation)
    (self.filters, self.relu, self.rounding) = (filters, relu, rounding)
    (output, inputZero, self.inputChannels) = (layer.output, input.zero, inputChannels)
    let blocks = (filters + 15) / 16
    outputChannels = 16 * blocks
    let numbers = try Self.factors(
      name, layer, rounding, inputScale, mostSum: terms * 255 * 128, count: outputChannels)
    (scale, bias, whole) = (numbers.scale, numbers.bias, numbers.whole)
    (factor, inverse) = (inputScale, 1 / layer.output.scale)

    // The channels that a block reads: those of the groups of its filters.
    let perGroup = filters / groups
    var first: [Int32] = []
    var width = 0
    for block in 0..<blocks {
      let last = min(16 * block + 15, filters - 1)
      let from = 16 * block / perGroup * inputs / 4 * 4
      let end = (last / perGroup + 1) * inputs
      first.append(Int32(from))
      width = max(width, (end - from + 3) / 4 * 4)
    }
    // Tiles gather rows in pieces of 16 channels, which an image does not have. Of groups of 4 or 8 channels
    // they would multiply three quarters or half zeros, and are not faster than vectors without any.
    let isSquare = groups > 1 && inputs == perGroup && inputChannels % 16 == 0
    lanes = isSquare && (tiles ? [4, 8] : [4, 8, 16]).contains(inputs) ? inputs : 0
    multipliesTiles = tiles && lanes == 0 && inputChannels % 16 == 0
    if multipliesTiles { width = (width + 15) / 16 * 16 }
    if lanes > 0 {
      first = (0..<blocks).map { Int32(16 * $0) }
      width = 16
    }
    // The same width for all, inside the pixel.
    for block in first.indices { first[block] = min(first[block], Int32(inputChannels - width)) }
    panel =
      lanes > 0
      ? 1
      : [4, 3, 2].first { size in first.indices.allSatisfy { first[$0] == first[$0 / size * size] } } ?? 1
    (self.inputs, self.perGroup, self.first, window) = (inputs, perGroup, first, width)
    weightBytes = 64 * blocks * kernel * kernel * (lanes > 0 ? lanes : width) / 4

    var start = [Int32](repeating: 0, count: outputChannels)
    for filter in 0..<filters {
      let sum = layer.weights[filter * terms..<(filter + 1) * terms].reduce(Int32(0)) { $0 + Int32($1) }
      start[filter] = -input.zero * sum
    }
    self.start = start
  }

  /// Writes the weights in the order of `QuantizedKernels.h`.
  func pack(_ weights: [Int8], into target: UnsafeMutablePointer<Int8>) {
    let taps = kernel * kernel
    unsafe target.update(repeating: 0, count: weightBytes)
    unsafe weights.withUnsafeBufferPointer { source in
      for filter in 0..<filters {
        let from = filter * inputs * taps
        for channel in 0..<inputs {
          let (place, step) = place(filter, channel)
          for tap in 0..<taps { unsafe target[place + tap * step] = source[from + channel * taps + tap] }
        }
      }
    }
  }

  /// Where the weight of a filter and a channel of its group is at the first tap, and bytes to the next tap.
  private func place(_ filter: Int, _ channel: Int) -> (start: Int, tap: Int) {
    let (taps, block, lane) = (kernel * kernel, filter / 16, filter % 16)
    if lanes > 0 {
      let column = filter / perGroup * inputs % 16 + channel
      let vector = block * taps * lanes / 4 + filter % lanes / 4
      return (64 * vector + 16 * (filter % 4) + column, 16 * lanes)
    }
    let column = filter / perGroup * inputs - Int(first[block]) + channel
    let start = block / panel * panel
    let count = min(panel, blocks - start)
    let vector = start * taps * window / 4 + column / 4 * count + block - start
    return (64 * vector + 4 * lane + column % 4, 16 * window * count)
  }

  /// The float32 numbers per filter, each operation rounded as the engine does.
  private static func factors(
    _ name: String, _ layer: QuantizedLayer, _ rounding: p2s_requantization, _ inputScale: Float,
    mostSum: Int, count: Int
  ) throws(InferenceError) -> (scale: [Float], bias: [Float], whole: [Int32]) {
    var scale = [Float](repeating: 0, count: count)
    var bias = scale
    var whole = [Int32](repeating: 0, count: count)
    for (filter, weightScale) in layer.scales.enumerated() {
      let product = inputScale * weightScale
      let added = layer.bias[filter]
      guard QuantizedTopology.isScale(Double(weightScale)), product.isNormal, added.isFinite else {
        throw .quantization(
          "filter \(filter) of \(name) has scale \(weightScale) and bias \(added); expected a positive normal "
            + "scale and a finite bias")
      }
      switch rounding {
      case .P2S_FBGEMM: (scale[filter], bias[filter]) = (product / layer.output.scale, added / product)
      case .P2S_ONEDNN: (scale[filter], bias[filter]) = (weightScale, added)
      default:
        scale[filter] = product * (1 / layer.output.scale)
        let rounded = (added * (1 / product)).rounded(.toNearestOrEven)
        guard let integer = Int(exactly: rounded), abs(integer) + mostSum < 1 << 31 else {
          throw .quantization("the bias of filter \(filter) of \(name) does not fit a 32-bit accumulator")
        }
        whole[filter] = Int32(integer)
      }
      guard scale[filter].isFinite, bias[filter].isFinite else {
        throw .quantization("the scales of filter \(filter) of \(name) are too far from each other")
      }
    }
    return (scale, bias, whole)
  }

  var blocks: Int { outputChannels / 16 }

  /// Calls `body` with the kernel's description; offsets are those in rows of `width` input pixels.
  @unsafe
  func withKernel<Result>(
    inputWidth width: Int, weights: UnsafePointer<Int8>, _ body: (UnsafePointer<p2s_quantized_conv>) -> Result
  ) -> Result {
    var offsets: [Int32] = []
    for y in 0..<kernel {
      for x in 0..<kernel { offsets.append(Int32((y * width + x) * dilation * inputChannels)) }
    }
    return unsafe offsets.withUnsafeBufferPointer { offsets in
      unsafe first.withUnsafeBufferPointer { first in
        unsafe start.withUnsafeBufferPointer { start in
          unsafe scale.withUnsafeBufferPointer { scale in
            unsafe bias.withUnsafeBufferPointer { bias in
              unsafe whole.withUnsafeBufferPointer { whole in
                var conv = unsafe p2s_quantized_conv(
                  rounding: rounding, taps: Int32(kernel * kernel), window: Int32(window),
                  blocks: Int32(blocks), panel: Int32(panel), lanes: Int32(lanes),
                  tiles: multipliesTiles ? 1 : 0, out_channels: Int32(outputChannels), weights: weights,
                  tap_bytes: offsets.start,
                  first: first.start, start: start.start, scale: scale.start, bias: bias.start,
                  whole: whole.start, factor: factor, inverse: inverse, zero: output.zero,
                  low: relu ? output.zero : 0, relu: relu ? 1 : 0)
                return unsafe withUnsafePointer(to: &conv) { unsafe body($0) }
              }
            }
          }
        }
      }
    }
  }
}
