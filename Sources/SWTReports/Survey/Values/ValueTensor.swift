package import PthReader
package import SWT
internal import SWTBytes
internal import SWTTensorFiles
internal import SWTTensors

/// A tensor of a checkpoint or of a weight file, whose values can be read as numbers, as often as somebody asks.
package struct ValueTensor: Sendable {
  package let name: String
  /// PyTorch's name of the type; of a quantised tensor that of its integers.
  package let dtype: String
  package let shape: [Int]
  /// Bytes of one element as they are stored; nil where elements share bytes.
  package let width: Int?
  /// A part of a golden test that is embedded in a weight file, and no weight.
  package var isGolden = false
  /// Equal views have equal values; nil where nothing is known.
  package let view: StorageView?
  /// Makes a stream of the values; the first one that is read to its end compares the checksum of what they lie in.
  package let open: @Sendable () throws -> ValueStream
}

/// The elements of a tensor in row-major order, as numbers and as bits.
package struct ValueStream {
  /// Some of them: the numbers, nil for types that are none, and the bytes, empty where numbers were computed.
  package typealias Piece = (numbers: [Double]?, bytes: [UInt8])

  /// Bytes of most pieces. They and their numbers stay in a core's own cache, and are small enough for the allocator to
  /// use the same memory again and again: with pieces of 256 KiB and more the heap grew with the file at times.
  static let pieceBytes = 48 << 10

  private var pull: () throws -> Piece?

  init(_ pull: @escaping () throws -> Piece?) { self.pull = pull }

  package mutating func next() throws -> Piece? { try pull() }
}

extension ValueTensor {
  /// - Parameters:
  ///   - entry: A tensor of a checkpoint that is no meta tensor.
  ///   - name: What it is called here, when that is not its name in the file.
  ///   - file: The checkpoint.
  package init(_ entry: TensorEntry, name: String? = nil, of file: PthFile) {
    let type = entry.scalarType
    self.init(
      name: name ?? entry.name, dtype: type.rawValue, shape: entry.shape,
      width: type.packedBits == nil ? type.byteWidth : nil, view: StorageView(entry)
    ) {
      var reader = try file.reader(of: entry, windowBytes: ValueStream.pieceBytes)
      let buffer = WindowBuffer(capacity: reader.windowBytes)
      func next() throws -> [UInt8]? {
        guard try reader.next(into: buffer) else { return nil }
        return unsafe buffer.bytes.withUnsafeBytes { unsafe Array($0) }
      }
      guard let quantizer = entry.quantizer, type.packedBits == nil else {
        return ValueStream { try next().map { ((try? ElementCoding.doubles($0, type)), $0) } }
      }
      var first = 0
      return ValueStream {
        guard let window = try next() else { return nil }
        let integers = try ElementCoding.integers(window, type)
        defer { first += integers.count }
        return (quantizer.values(integers, from: first, shape: entry.shape), [])
      }
    }
  }

  /// A quantised tensor of a weight file is the numbers that its integers stand for.
  package init(_ info: TensorInfo, of file: SWTFile) {
    self.init(
      name: info.name, dtype: info.dtype?.name ?? "code \(info.dtypeCode)", shape: info.shape,
      width: info.dtype == .i4 ? nil : (info.dtype?.bitWidth).map { $0 / 8 }, view: nil
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
      var start = 0
      return ValueStream {
        guard start < info.byteCount else { return nil }
        let end = min(start + ValueStream.pieceBytes, info.byteCount)
        let bytes = unsafe view.withUnsafeBytes { unsafe Array($0[start..<end]) }
        start = end
        return (info.dtype?.scalarType.flatMap { try? ElementCoding.doubles(bytes, $0) }, bytes)
      }
    }
    isGolden = [.goldenInput, .goldenOutput, .goldenProbe].contains(info.role)
  }
}

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
