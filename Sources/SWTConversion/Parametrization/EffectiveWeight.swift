internal import PthReader
internal import SWTBytes
internal import SWTTensorFiles
internal import SWTTensors

/// A weight that is computed from its parts.
struct EffectiveWeight: Sendable {
  private enum Formula {
    case weightNorm(WeightNorm)
    case spectralNorm(SpectralNorm)
    case pruning
    case torchao
  }

  private let formula: Formula
  private let name: String
  private let parts: [TensorEntry]
  private let type: ScalarType
  private let shape: [Int]

  /// Whether the values are PyTorch's to the last bit.
  var isExact: Bool {
    switch formula {
    case .weightNorm(let norm): norm.isExact
    case .spectralNorm: false
    case .pruning, .torchao: true
    }
  }

  /// Nil if the parts have other types or shapes than PyTorch gives them.
  ///
  /// - Parameters:
  ///   - parametrization: The weight and the names of its parts.
  ///   - parts: The parts.
  ///   - stated: The type of the weight, if the file states it.
  init?(_ parametrization: Parametrization, _ parts: [TensorEntry], stated: ScalarType? = nil) {
    guard parts.count >= parametrization.parts.count, !parts.contains(where: \.isMeta),
      !parts.contains(where: { $0.quantizer != nil })
    else { return nil }
    name = parametrization.name
    self.parts = parts
    switch parametrization.kind {
    case .weightNorm:
      (type, shape) = (parts[1].scalarType, parts[1].shape)
      guard let norm = WeightNorm(g: parts[0], v: parts[1]) else { return nil }
      formula = .weightNorm(norm)
    case .spectralNorm:
      (type, shape) = (parts[0].scalarType, parts[0].shape)
      guard let norm = SpectralNorm(parts[0], u: parts[1], v: parts[2]) else { return nil }
      formula = .spectralNorm(norm)
    case .pruning:
      (type, shape) = (parts[0].scalarType, parts[0].shape)
      formula = .pruning
      guard isPruned else { return nil }
    case .torchao:
      (type, shape) = (stated ?? parts[1].scalarType, parts[0].shape)
      formula = .torchao
      guard isScaled else { return nil }
    }
  }

  private var isPruned: Bool {
    type.isWeightType && parts[1].shape == shape && [type, .float32, .bool].contains(parts[1].scalarType)
  }

  private var isScaled: Bool {
    let scale = parts[1].shape
    return type.isWeightType && parts[1].scalarType.isWeightType
      && [.int8, .float8_e4m3fn, .float8_e5m2].contains(parts[0].scalarType)
      && scale.count == shape.count && zip(shape, scale).allSatisfy { $1 > 0 && $0.isMultiple(of: $1) }
      && parts.dropFirst(2).allSatisfy { $0.shape == scale && $0.scalarType == .int8 }
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
    func part(_ index: Int) throws(ParseFailure) -> [Double] { try file.doubles(of: parts[index]) }
    switch formula {
    case .weightNorm(let norm): return try norm.weight(g: try part(0), v: try part(1))
    case .spectralNorm(let norm): return try norm.weight(try part(0), u: try part(1), v: try part(2))
    case .pruning: return try NumberBlock.bytes(zip(try part(0), try part(1)).map { $0 * $1 }, type)
    case .torchao: return try NumberBlock.bytes(try scaled(file).map { Double($0) }, type)
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
