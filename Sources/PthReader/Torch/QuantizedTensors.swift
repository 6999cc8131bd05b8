internal import SWTBytes
internal import SWTTensors

/// Quantized tensors: integers and their dequantization.
extension TensorDecoder {
  /// `_rebuild_qtensor(storage, offset, size, stride, quantizer_params, requires_grad, hooks)`.
  func quantized(_ arguments: Arguments, depth: Int) throws(ParseFailure) -> TensorEntry {
    let shape = try integers(try arguments(2), "size")
    let quantizer = try quantizer(try arguments(4), shape: shape, depth: depth)
    return try strided(arguments, type: nil, quantizer: quantizer)
  }

  /// `(per_tensor_affine, scale, zero_point)` or `(per_channel_affine…, scales, zero_points, axis)`.
  private func quantizer(
    _ id: NodeID, shape: [Int], depth: Int
  ) throws(ParseFailure) -> Quantizer {
    guard let parts = arena.fewElements(id), let scheme = parts.first, let name = schemeName(scheme) else {
      throw ParseFailure(.invalid("a quantized tensor has no scheme"))
    }
    if name == "per_tensor_affine", parts.count >= 3, let scale = arena.float(parts[1]),
      let zero = arena.int(parts[2])
    {
      return .perTensor(scale: scale, zeroPoint: zero)
    }
    guard name == "per_channel_affine" || name == "per_channel_affine_float_qparams", parts.count >= 4,
      let axis = arena.int(parts[3])
    else { throw ParseFailure(.unsupported("quantization scheme \(name)")) }
    guard shape.indices.contains(axis) else {
      throw ParseFailure(.invalid("quantized along axis \(axis), but the shape is \(shape)"))
    }
    let scales = try numbers(parts[1], count: shape[axis], "scales", depth: depth)
    let zeroPoints = try numbers(parts[2], count: shape[axis], "zero points", depth: depth)
    return .perChannel(axis: axis, scales: scales, zeroPoints: zeroPoints)
  }

  /// `torch.per_tensor_affine` in PyTorch's own files; TorchScript writes the value of the C++ enumeration.
  private func schemeName(_ id: NodeID) -> String? {
    if let name = arena.global(id)?.name { return name }
    switch arena.int(id) {
    case 0: return "per_tensor_affine"
    case 1: return "per_channel_affine"
    case 4: return "per_channel_affine_float_qparams"
    default: return nil
    }
  }

  /// Scales or zero points: a tensor in current files, a list in old ones.
  private func numbers(
    _ id: NodeID, count: Int, _ what: String, depth: Int
  ) throws(ParseFailure) -> [Double] {
    if arena.kind(id) == .list || arena.kind(id) == .tuple {
      guard arena.elementCount(id) == count, let ids = arena.elements(id) else {
        throw ParseFailure(.invalid("\(arena.elementCount(id)) \(what) for \(count) channels"))
      }
      var values: [Double] = []
      for id in ids {
        guard let value = arena.float(id) else {
          throw ParseFailure(.invalid("the \(what) are not numbers"))
        }
        values.append(value)
      }
      return values
    }
    let tensor = try component(id, what, depth: depth)
    guard tensor.shape == [count] else {
      throw ParseFailure(.invalid("the \(what) have shape \(tensor.shape) for \(count) channels"))
    }
    return try tensor.doubles(limits: limits)
  }
}

extension TensorEntry {
  /// The values of a small tensor of type float32, float64, int32 or int64.
  func doubles(limits: ParseLimits) throws(ParseFailure) -> [Double] {
    let bytes = try smallValues(limits: limits)
    let width = scalarType.byteWidth
    var numbers: [Double] = []
    numbers.reserveCapacity(bytes.count / width)
    for start in stride(from: 0, to: bytes.count, by: width) {
      var bits: UInt64 = 0
      for i in (0..<width).reversed() { bits = bits << 8 | UInt64(bytes[start + i]) }
      switch scalarType {
      case .float64: numbers.append(Double(bitPattern: bits))
      case .float32: numbers.append(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))))
      case .int64: numbers.append(Double(Int64(bitPattern: bits)))
      case .int32: numbers.append(Double(Int32(truncatingIfNeeded: bits)))
      default: throw ParseFailure(.unsupported("type \(scalarType.rawValue) for scales or zero points"))
      }
    }
    return numbers
  }
}
