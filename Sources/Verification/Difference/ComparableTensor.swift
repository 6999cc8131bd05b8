internal import PthReader
internal import SWT
internal import SWTBytes
internal import SWTConversion
internal import SWTResNet
internal import SWTTensorFiles
internal import SWTTensors

extension Quantizer {
  /// The numbers that integers stand for; `first` is the row-major index of the first of them.
  fileprivate func values(_ integers: [Double], from first: Int, shape: [Int]) -> [Double] {
    switch self {
    case .perTensor(let scale, let zeroPoint): return integers.map { scale * ($0 - Double(zeroPoint)) }
    case .perChannel(let axis, let scales, let zeroPoints):
      let stride = max(shape.dropFirst(axis + 1).reduce(1, *), 1)
      return integers.indices.map { i in
        let channel = (first + i) / stride % max(scales.count, 1)
        guard channel < scales.count, channel < zeroPoints.count else { return .nan }
        return scales[channel] * (integers[i] - zeroPoints[channel])
      }
    }
  }
}

/// A tensor of either side of a comparison.
struct ComparableTensor {
  let name: String
  /// PyTorch's name of the type; of a quantised tensor that of its integers.
  let dtype: String
  let shape: [Int]
  /// Bytes of one element as they are stored; nil where elements share bytes.
  let width: Int?
  /// Makes a stream of the values; a tensor can be read more than once.
  let open: () throws -> ValueStream
}

/// The elements of a tensor in row-major order, as numbers and as bits.
struct ValueStream {
  /// Some of them: the numbers, nil for types that are none, and the bytes, empty where numbers were computed.
  typealias Piece = (numbers: [Double]?, bytes: [UInt8])

  private var pull: () throws -> Piece?

  init(_ pull: @escaping () throws -> Piece?) { self.pull = pull }

  mutating func next() throws -> Piece? { try pull() }
}

/// All tensors of a file, by name.
struct ComparableFile {
  let tensors: [ComparableTensor]
  /// The tensors of a network under torchvision's names; nil when the file has those already, or no network.
  let canonical: [ComparableTensor]?

  /// Opens a checkpoint or a weight file, recognised by its content.
  ///
  /// - Throws: ``ParseFailure`` or ``SWTError`` when it cannot be read.
  init(_ path: String, limits: ParseLimits) throws {
    let source = try FileSource(path: path)
    if try source.starts(with: SWTFormat.magic) {
      let file = try SWTFile(path: path)
      tensors = file.tensors.filter { $0.role != .scale && $0.role != .zeroPoint }.map {
        ComparableTensor($0, of: file)
      }
      canonical = nil
      return
    }
    let checkpoint = try CheckpointReader.open(path: path, limits: limits)
    var budget = ValueBudget(limits, fileBytes: checkpoint.byteCount)
    for entry in checkpoint.tensors {
      if let excess = budget.refuse(entry) { throw excess }
    }
    tensors = checkpoint.tensors.filter { !$0.isMeta }.map { ComparableTensor($0, limits: limits) }
    guard let network = try? NetworkStateDict(checkpoint, .auto, key: nil, file: path) else {
      canonical = nil
      return
    }
    canonical = network.tensors.map { ComparableTensor($0.entry, name: $0.parameter.name, limits: limits) }
  }
}

extension ComparableTensor {
  fileprivate init(_ entry: TensorEntry, name: String? = nil, limits: ParseLimits) {
    let type = entry.scalarType
    self.init(
      name: name ?? entry.name, dtype: type.rawValue, shape: entry.shape,
      width: type.packedBits == nil ? type.byteWidth : nil
    ) {
      try entry.storage.requireChecksum()
      var windows = try TensorWindows(entry, limits: limits)
      guard let quantizer = entry.quantizer, type.packedBits == nil else {
        return ValueStream { try windows.next().map { ((try? ElementCoding.doubles($0, type)), $0) } }
      }
      var first = 0
      return ValueStream {
        guard let window = try windows.next() else { return nil }
        let integers = try ElementCoding.integers(window, type)
        defer { first += integers.count }
        return (quantizer.values(integers, from: first, shape: entry.shape), [])
      }
    }
  }

  /// A quantised tensor is compared by the numbers that its integers stand for.
  fileprivate init(_ info: TensorInfo, of file: SWTFile) {
    self.init(
      name: info.name, dtype: info.dtype?.name ?? "code \(info.dtypeCode)", shape: info.shape,
      width: info.dtype == .i4 ? nil : (info.dtype?.bitWidth).map { $0 / 8 }
    ) {
      let view = try file.view(info.index)
      var isDone = info.elementCount == 0
      if info.quantization != nil || !info.isRowMajor || info.dtype == .i4 {
        let numbers = info.isRowMajor ? try view.numbers() : try view.floats().map(Double.init)
        return ValueStream {
          defer { isDone = true }
          return isDone ? nil : (numbers, [])
        }
      }
      let step = TensorWindows.windowBytes
      var start = 0
      return ValueStream {
        guard start < info.byteCount else { return nil }
        let end = min(start + step, info.byteCount)
        let bytes = unsafe view.withUnsafeBytes { unsafe Array($0[start..<end]) }
        start = end
        return (info.dtype?.scalarType.flatMap { try? ElementCoding.doubles(bytes, $0) }, bytes)
      }
    }
  }
}
