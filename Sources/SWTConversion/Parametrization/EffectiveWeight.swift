internal import PthReader
internal import SWTBytes
internal import SWTTensorFiles
internal import SWTTensors

/// A weight that is computed from its parts.
struct EffectiveWeight: Sendable {
  private let kind: Parametrization.Kind
  private let name: String
  private let parts: [TensorEntry]
  private let type: ScalarType
  private let shape: [Int]

  /// Nil if the parts have other types or shapes than PyTorch gives them.
  init?(_ parametrization: Parametrization, _ parts: [TensorEntry]) {
    guard parts.count >= parametrization.parts.count, !parts.contains(where: \.isMeta),
      !parts.contains(where: { $0.quantizer != nil })
    else { return nil }
    kind = parametrization.kind
    name = parametrization.name
    self.parts = parts
    switch kind {
    case .weightNorm: (type, shape) = (parts[1].scalarType, parts[1].shape)
    case .spectralNorm, .pruning: (type, shape) = (parts[0].scalarType, parts[0].shape)
    case .torchao: (type, shape) = (parts[1].scalarType, parts[0].shape)
    }
    guard isWellFormed else { return nil }
  }

  private var isWellFormed: Bool {
    let rows = shape.first ?? 0
    let row = shape.dropFirst().reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
    switch kind {
    case .weightNorm:
      let ones = Array(repeating: 1, count: max(0, shape.count - 1))
      return type == .float32 && parts[0].scalarType == .float32 && shape.count >= 2 && row > 0
        && parts[0].shape == [rows] + ones
    case .spectralNorm:
      return parts.allSatisfy { $0.scalarType == .float32 } && shape.count >= 2
        && parts[1].shape == [rows] && parts[2].shape == [row]
    case .pruning:
      return [.float32, .float64].contains(type) && parts[1].shape == shape
        && [type, .float32, .bool].contains(parts[1].scalarType)
    case .torchao:
      let scale = parts[1].shape
      return type == .float32 && [.int8, .float8_e4m3fn, .float8_e5m2].contains(parts[0].scalarType)
        && scale.count == shape.count && zip(shape, scale).allSatisfy { $1 > 0 && $0.isMultiple(of: $1) }
        && parts.dropFirst(2).allSatisfy { $0.shape == scale && $0.scalarType == .int8 }
    }
  }

  /// The weight as a tensor of the file, computed when it is first read.
  func entry(_ file: PthFile) -> TensorEntry? {
    guard let layout = try? StridedLayout(shape: shape, strides: nil),
      let byteCount = type.byteCount(elements: layout.elementCount)
    else { return nil }
    let source = LazySource(byteCount: byteCount) { () throws(ParseFailure) in
      do throws(ParseFailure) {
        var sink = SpillSink()
        let bytes = try values(file)
        try sink.append(bytes, bytes.count)
        return try sink.finish()
      } catch {
        throw error.inside(name)
      }
    }
    return TensorEntry(
      name: name, path: [.key(name)], scalarType: type, layout: layout,
      storage: Storage(id: -1, byteCount: byteCount, source: source, label: name))
  }

  private func values(_ file: PthFile) throws(ParseFailure) -> [UInt8] {
    switch kind {
    case .weightNorm:
      return LittleEndian.bytes(
        WeightNorm.weight(g: try file.floats(of: parts[0]), v: try file.floats(of: parts[1])).map(
          \.bitPattern))
    case .spectralNorm:
      return LittleEndian.bytes(
        SpectralNorm.weight(
          try file.floats(of: parts[0]), u: try file.floats(of: parts[1]), v: try file.floats(of: parts[2])
        ).map(\.bitPattern))
    case .pruning where type == .float64:
      let weight = zip(try file.doubles(of: parts[0]), try file.doubles(of: parts[1])).map { $0 * $1 }
      return LittleEndian.bytes(weight.map(\.bitPattern))
    case .pruning:
      let weight = zip(try file.floats(of: parts[0]), try file.floats(of: parts[1])).map { $0 * $1 }
      return LittleEndian.bytes(weight.map(\.bitPattern))
    case .torchao:
      return LittleEndian.bytes(try scaled(file).map(\.bitPattern))
    }
  }

  /// torchao's values: (q − zero point) × scale, both of which are constant in blocks.
  private func scaled(_ file: PthFile) throws(ParseFailure) -> [Float] {
    let values = try file.floats(of: parts[0])
    let scales = try file.floats(of: parts[1])
    let zeroPoints = parts.count > 2 ? try file.floats(of: parts[2]) : nil
    let (shape, blocks) = (shape, parts[1].shape)
    var result: [Float] = []
    result.reserveCapacity(values.count)
    for (index, value) in values.enumerated() {
      var (rest, block, step) = (index, 0, 1)
      for dimension in shape.indices.reversed() {
        block += rest % shape[dimension] / (shape[dimension] / blocks[dimension]) * step
        rest /= shape[dimension]
        step *= blocks[dimension]
      }
      result.append((value - (zeroPoints?[block] ?? 0)) * scales[block])
    }
    return result
  }
}

/// `torch._weight_norm` over the first dimension, in the order of PyTorch's CPU kernel.
///
/// Source: `weight_norm_first_dim_kernel` in aten/src/ATen/native/cpu/WeightNormKernel.cpp; `map_reduce_all` in
/// aten/src/ATen/cpu/vec/functional_base.h. Eight lanes, as in its AVX2 form, without fused operations.
enum WeightNorm {
  private static let lanes = 8

  static func weight(g: [Float], v: [Float]) -> [Float] {
    guard !g.isEmpty else { return [] }
    let row = v.count / g.count
    var weight = v
    for index in g.indices {
      let range = index * row..<(index + 1) * row
      let factor = g[index] / sumOfSquares(v[range]).squareRoot()
      for place in range { weight[place] = v[place] * factor }
    }
    return weight
  }

  private static func sumOfSquares(_ row: ArraySlice<Float>) -> Float {
    guard row.count >= lanes else {
      var sum = row.first.map { $0 * $0 } ?? 0
      for value in row.dropFirst() { sum = sum + value * value }
      return sum
    }
    var sums = SIMD8<Float>(repeating: 0)
    for lane in 0..<lanes { sums[lane] = row[row.startIndex + lane] * row[row.startIndex + lane] }
    var position = row.startIndex + lanes
    while position < row.endIndex {
      for lane in 0..<min(lanes, row.endIndex - position) {
        let value = row[position + lane]
        sums[lane] = sums[lane] + value * value
      }
      position += lanes
    }
    let half = sums.lowHalf + sums.highHalf
    let quarter = half.lowHalf + half.highHalf
    return quarter[0] + quarter[1]
  }
}

/// `weight / σ` with σ = u · (W v), where W is the weight as a matrix of its first dimension.
enum SpectralNorm {
  static func weight(_ weight: [Float], u: [Float], v: [Float]) -> [Float] {
    var sigma = 0.0
    for (row, factor) in u.enumerated() {
      var product = 0.0
      for (column, value) in v.enumerated() {
        product += Double(weight[row * v.count + column]) * Double(value)
      }
      sigma += Double(factor) * Double(Float(product))
    }
    let divisor = Float(sigma)
    return weight.map { $0 / divisor }
  }
}
