internal import PthReader
internal import SWT
internal import SWTBytes
internal import SWTTensorFiles
internal import SWTTensors

/// `torch._weight_norm`: `g · v / ‖v‖`, with one norm for the whole tensor, or one per index along a dimension.
///
/// Source: aten/src/ATen/native/WeightNorm.cpp. For the first and the last dimension a kernel computes the factor
/// `g / ‖v‖` in float32 at least; otherwise the norm, the factor and the product are each rounded to the type.
struct WeightNorm {
  private let type: ScalarType
  private let shape: [Int]
  /// The dimension whose indices have norms of their own; nil if the tensor has one norm.
  private let dimension: Int?

  /// Nil if the parts have other types or shapes than PyTorch gives them.
  init?(g: TensorEntry, v: TensorEntry) {
    (type, shape) = (v.scalarType, v.shape)
    guard type.isWeightType, g.scalarType == type, shape.count >= 2, v.layout.elementCount > 0 else {
      return nil
    }
    if g.shape.isEmpty {
      dimension = nil
      return
    }
    let sizes = shape
    let found = sizes.indices.first { dimension in
      g.shape == sizes.indices.map { $0 == dimension ? sizes[$0] : 1 }
    }
    guard let found else { return nil }
    dimension = found
  }

  /// Whether the order of PyTorch's additions is kept, so the values are its own to the last bit.
  var isExact: Bool { type == .float32 && dimension == 0 }

  func weight(g: [Double], v: [Double]) throws(ParseFailure) -> [UInt8] {
    if isExact {
      return ElementCoding.bytes(FirstDimension.weight(g: g.map { Float($0) }, v: v.map { Float($0) }))
    }
    let inner = dimension.map { shape[($0 + 1)...].reduce(1, *) } ?? 1
    func group(_ index: Int) -> Int { dimension.map { index / inner % shape[$0] } ?? 0 }
    var norms = [Double](repeating: 0, count: g.count)
    for (index, value) in v.enumerated() { norms[group(index)] += value * value }
    for index in norms.indices { norms[index] = norms[index].squareRoot() }
    let isFused = dimension == 0 || dimension == shape.count - 1
    let precision: ScalarType = isFused && type != .float64 ? .float32 : type
    norms = try NumberBlock.rounded(norms, to: precision)
    let factors = try NumberBlock.rounded(zip(g, norms).map { $0 / $1 }, to: precision)
    let products = v.enumerated().map { index, value in value * factors[group(index)] }
    return try NumberBlock.bytes(try NumberBlock.rounded(products, to: precision), type)
  }

  /// The order of PyTorch's CPU kernel for float32.
  ///
  /// Source: `weight_norm_first_dim_kernel` in aten/src/ATen/native/cpu/WeightNormKernel.cpp; `map_reduce_all` in
  /// aten/src/ATen/cpu/vec/functional_base.h. Eight lanes, as in its AVX2 form, without fused operations.
  private enum FirstDimension {
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
}

/// `weight / σ` with σ = u · (W v), where W is the weight as a matrix of its first dimension.
struct SpectralNorm {
  private let type: ScalarType

  /// Nil if the parts have other types or shapes than PyTorch gives them.
  init?(_ weight: TensorEntry, u: TensorEntry, v: TensorEntry) {
    type = weight.scalarType
    let shape = weight.shape
    guard type.isWeightType, [u, v].allSatisfy({ $0.scalarType == weight.scalarType }), shape.count >= 2,
      u.shape == [shape[0]], v.shape == [shape[0] > 0 ? weight.layout.elementCount / shape[0] : 0]
    else { return nil }
  }

  func weight(_ weight: [Double], u: [Double], v: [Double]) throws(ParseFailure) -> [UInt8] {
    var products: [Double] = []
    for row in u.indices {
      var product = 0.0
      for (column, value) in v.enumerated() { product += weight[row * v.count + column] * value }
      products.append(product)
    }
    products = try NumberBlock.rounded(products, to: type)
    let sigma = try NumberBlock.rounded([zip(u, products).reduce(0) { $0 + $1.0 * $1.1 }], to: type)
    return try NumberBlock.bytes(weight.map { $0 / sigma[0] }, type)
  }
}

extension ScalarType {
  /// Whether weights can have it.
  var isWeightType: Bool { [.float32, .float64, .float16, .bfloat16].contains(self) }
}

extension NumberBlock {
  /// The elements of a floating-point type that are nearest to some numbers.
  ///
  /// - Throws: ``ParseFailure`` if a finite number is out of the range of the type.
  static func bytes(_ values: [Double], _ type: ScalarType) throws(ParseFailure) -> [UInt8] {
    let stored = WindowBuffer(capacity: max(values.count * type.byteWidth, 1))
    var error = RoundingError()
    if let place = NumberBlock(values).round(to: SWTDType(type), stored, &error) {
      throw ParseFailure(.invalid("the weight is \(values[place]), out of the range of \(type.rawValue)"))
    }
    return unsafe stored.bytes.withUnsafeBytes { unsafe Array($0) }
  }

  /// The numbers rounded to a floating-point type.
  static func rounded(_ values: [Double], to type: ScalarType) throws(ParseFailure) -> [Double] {
    switch type {
    case .float64: values
    case .float32: values.map { Double(Float($0)) }
    default: try ElementCoding.doubles(try bytes(values, type), type)
    }
  }
}
