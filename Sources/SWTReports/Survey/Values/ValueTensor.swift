package import PthReader
package import SWT
internal import SWTBytes
internal import SWTTensorFiles
internal import SWTTensors

/// A tensor of a checkpoint or a weight file, whose values can be read as numbers any number of times.
package struct ValueTensor: Sendable {
  package let name: String
  /// PyTorch's name of the type; for a quantized tensor, of its integers.
  package let dtype: String
  package let shape: [Int]
  /// Stored bytes per element; nil if elements share bytes.
  package let width: Int?
  /// Whether it is part of a golden test embedded in a weight file, rather than a weight.
  package var isGolden = false
  /// Whether it is a scale or zero point of a quantized tensor or layer, rather than a weight.
  package var isScale = false
  /// Equal views have equal values; nil if unknown.
  package let view: StorageView?
  /// The type of the stored elements, which for a quantized tensor is that of its integers.
  package var storedType: String { dtype.hasPrefix("q") ? String(dtype.dropFirst()) : dtype }
  /// Opens a stream of the values; the first stream read to its end verifies the checksum of the storage.
  package let open: @Sendable () throws -> ValueStream
}

/// The elements of a tensor in row-major order, as numbers and as bytes.
package struct ValueStream {
  /// Consecutive elements: their numbers, nil if the type is not a real number, and their bytes, empty if the
  /// numbers were computed.
  package typealias Piece = (numbers: [Double]?, bytes: [UInt8])

  /// Size of most pieces in bytes. They and their numbers stay in a core's private cache, and are small
  /// enough for the allocator to reuse the same memory: with pieces of 256 KiB and more, the heap sometimes
  /// grew with the file.
  static let pieceBytes = 48 << 10

  private var pull: () throws -> Piece?

  init(_ pull: @escaping () throws -> Piece?) { self.pull = pull }

  package mutating func next() throws -> Piece? { try pull() }
}

extension ValueTensor {
  /// - Parameters:
  ///   - entry: A tensor of a checkpoint, except a meta tensor.
  ///   - name: Its name, if different from that in the file.
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
        return (quantizer.values(integers, from: first, shape: entry.shape), window)
      }
    }
  }

  /// A tensor of a weight file; the values of a quantized tensor are its dequantized numbers.
  package init(_ info: TensorInfo, of file: SWTFile) {
    self.init(
      name: info.name, dtype: info.dtype?.name ?? "code \(info.dtypeCode)", shape: info.shape,
      width: info.dtype == .i4 ? nil : (info.dtype?.bitWidth).map { $0 / 8 }, view: nil
    ) {
      let view = try file.view(info.index)
      var isDone = info.elementCount == 0
      if info.quantization != nil || !info.isRowMajor || info.dtype == .i4 {
        let numbers = info.isRowMajor ? try view.numbers() : try view.floats().map(Double.init)
        let hasBytes = info.isRowMajor && info.dtype != .i4
        let bytes = hasBytes ? unsafe view.withUnsafeBytes { unsafe Array($0) } : []
        return ValueStream {
          defer { isDone = true }
          return isDone ? nil : (numbers, bytes)
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
    isScale = info.role == .scale || info.role == .zeroPoint
  }

  /// The scales of a quantized tensor of a checkpoint, and its zero points unless all are 0, under the names
  /// that weight files give them.
  ///
  /// - Parameters:
  ///   - quantizer: The tensor's quantizer.
  ///   - name: The tensor's name.
  /// - Returns: One or two tensors of float64 and int64.
  package static func scales(_ quantizer: Quantizer, of name: String) -> [ValueTensor] {
    let (scales, zeros): ([Double], [Double])
    switch quantizer {
    case .perTensor(let scale, let zero): (scales, zeros) = ([scale], [Double(zero)])
    case .perChannel(_, let factors, let points): (scales, zeros) = (factors, points)
    }
    var tensors = [ValueTensor(scales, "\(name).scale")]
    if zeros.contains(where: { $0 != 0 }) { tensors.append(ValueTensor(zeros, "\(name).zero_point")) }
    return tensors
  }

  private init(_ numbers: [Double], _ name: String) {
    self.init(name: name, dtype: "float64", shape: [numbers.count], width: 8, view: nil) {
      var rest = numbers.isEmpty ? nil : numbers
      return ValueStream {
        defer { rest = nil }
        return rest.map { ($0, LittleEndian.bytes($0.map(\.bitPattern))) }
      }
    }
    isScale = true
  }
}

extension Quantizer {
  /// Dequantizes integers; `first` is the row-major index of the first one.
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
