internal import CKernels
internal import ResNetArchitecture

// Pools and residual sums.

extension QuantizedEngine {
  /// The vector loop of PyTorch's sums covers two vectors of 64 bytes at a time.
  private static let loopBytes = 128

  func maximum(_ pool: PoolUnit, _ map: QuantizedMap) -> QuantizedMap {
    let (rows, width) = (pool.outputSize(map.rows), pool.outputSize(map.width))
    var output = memory.map(
      rows: rows, width: width, channels: map.channels, stride: map.stride, map.numbers)
    var kernel = p2s_quantized_pool(
      rows: Int32(map.rows), width: Int32(map.width), channels: Int32(map.stride),
      kernel: Int32(pool.kernel), stride: Int32(pool.stride), padding: Int32(pool.padding),
      out_width: Int32(width))
    unsafe map.bytes.withUnsafeBufferPointer { source in
      unsafe output.bytes.withUnsafeMutableBufferPointer { target in
        for row in 0..<rows {
          unsafe p2s_quantized_max_row(
            &kernel, source.start, Int32(row), target.start + row * width * map.stride)
        }
      }
    }
    return output
  }

  /// The mean over all pixels; QNNPACK divides the scales first, which rounds once more.
  func mean(_ map: QuantizedMap) -> QuantizedMap {
    let (count, scale) = (Float(map.pixels), map.numbers.scale)
    let factor = backend == .qnnpack ? scale / (scale * count) : 1 / count
    var output = memory.map(
      rows: 1, width: 1, channels: map.channels, stride: map.stride, map.numbers)
    unsafe map.bytes.withUnsafeBufferPointer { source in
      unsafe output.bytes.withUnsafeMutableBufferPointer { target in
        unsafe p2s_quantized_mean(
          source.start, Int64(map.pixels), Int32(map.stride), factor,
          map.numbers.zero, target.start)
      }
    }
    return output
  }

  func sum(
    _ block: ResidualBlock, _ body: QuantizedMap, _ shortcut: QuantizedMap, _ pass: QuantizedPass
  ) throws(InferenceError) -> QuantizedMap {
    guard let numbers = network.sums[block.name] else {
      throw .missingTensor("\(block.name).skip_add_relu.scale")
    }
    var output = memory.map(
      rows: body.rows, width: body.width, channels: body.channels, stride: body.stride, numbers)
    var float = p2s_quantized_sum(
      scale_a: body.numbers.scale, scale_b: shortcut.numbers.scale, zero_a: body.numbers.zero,
      zero_b: shortcut.numbers.zero, inverse: 1 / numbers.scale, zero: numbers.zero)
    let fixed = backend == .qnnpack ? try fixedSum(block) : nil
    // PyTorch's tensor is the whole batch, without padding of channels.
    let image = body.pixels * body.channels
    let total = pass.images * image
    let fused = total - total % Self.loopBytes - pass.image * image
    let isDense = body.channels == body.stride
    let (pieces, size) = isDense ? (1, image) : (body.pixels, body.channels)
    unsafe body.bytes.withUnsafeBufferPointer { a in
      unsafe shortcut.bytes.withUnsafeBufferPointer { b in
        unsafe output.bytes.withUnsafeMutableBufferPointer { target in
          for piece in 0..<pieces {
            let place = isDense ? 0 : piece * body.stride
            if var fixed {
              unsafe p2s_quantized_fixed_sum(
                &fixed, a.start + place, b.start + place, Int64(size),
                target.start + place)
            } else {
              unsafe p2s_quantized_sum(
                isa, &float, a.start + place, b.start + place, Int64(size),
                Int64(max(0, min(size, fused - piece * size))), target.start + place)
            }
          }
        }
      }
    }
    return output
  }

  /// QNNPACK's fixed-point factors.
  ///
  /// Source: aten/src/ATen/native/quantized/cpu/qnnpack/src/qnnpack/requantization and src/add.c.
  func fixedSum(_ block: ResidualBlock) throws(InferenceError) -> p2s_quantized_fixed_sum {
    guard let numbers = network.sums[block.name], let last = block.body.last?.name else {
      throw .missingTensor("\(block.name).skip_add_relu.scale")
    }
    let a = network.numbers(of: last)
    let b =
      block.downsample.map { network.numbers(of: $0.name) }
      ?? network.numbers(of: network.topology.inputs[block.body[0].name] ?? "")
    let (ratioA, ratioB) = (a.scale / numbers.scale, b.scale / numbers.scale)
    let largest = max(ratioA, ratioB)
    let shift = largest.isNormal ? 21 - Int(largest.exponent) : -1
    guard 13...31 ~= shift else {
      throw .quantization(
        "the sum of \(block.name) has inputs of scale \(a.scale) and \(b.scale) and an output of scale "
          + "\(numbers.scale), which QNNPACK refuses: their ratio is not in 2^-10 … 2^9")
    }
    func multiplier(_ ratio: Float) -> Int32 {
      Int32((Double(ratio) * Double(sign: .plus, exponent: shift, significand: 1)).rounded(.toNearestOrEven))
    }
    return p2s_quantized_fixed_sum(
      multiplier_a: multiplier(ratioA), multiplier_b: multiplier(ratioB), zero_a: a.zero, zero_b: b.zero,
      shift: Int32(shift), zero: numbers.zero)
  }
}
