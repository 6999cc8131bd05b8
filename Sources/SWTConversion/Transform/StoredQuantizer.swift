internal import PthReader
internal import SWT
internal import SWTBytes
internal import SWTTensors

/// The quantizer of a PyTorch tensor in the terms of the format: record, scales and zero points.
struct StoredQuantizer {
  let scheme: SWTQuantization.Scheme
  let axis: Int
  let bits: Int
  /// A single one, or one per channel; PyTorch stores doubles.
  let scales: [Double]
  /// Nil if all are zero.
  let zeros: (dtype: SWTDType, bytes: [UInt8])?

  /// Nil for a tensor without a quantizer, and for one that the format cannot express: elements that share
  /// bytes, or scales that are not finite and positive. `tensors.encoding` in the metadata describes all of
  /// them.
  init?(_ entry: TensorEntry) {
    guard let quantizer = entry.quantizer, [.qint8, .quint8, .qint32].contains(entry.scalarType) else {
      return nil
    }
    bits = entry.scalarType == .qint32 ? 32 : 8
    let zeroPoints: [Double]
    switch quantizer {
    case .perTensor(let scale, let zeroPoint):
      (scheme, axis, scales, zeroPoints) = (.perTensor, 0, [scale], [Double(zeroPoint)])
    case .perChannel(let channels, let factors, let points):
      guard entry.shape.indices.contains(channels), factors.count == entry.shape[channels],
        points.count == factors.count
      else { return nil }
      (scheme, axis, scales, zeroPoints) = (.perChannel, channels, factors, points)
    }
    guard scales.allSatisfy({ $0.isFinite && $0 > 0 }) else { return nil }
    let integers = zeroPoints.compactMap { Int32(exactly: $0) }
    if integers.count < zeroPoints.count {
      zeros = (.f64, LittleEndian.bytes(zeroPoints.map(\.bitPattern)))
    } else if integers.allSatisfy({ $0 == 0 }) {
      zeros = nil
    } else {
      zeros = (.i32, LittleEndian.bytes(integers.map { UInt32(bitPattern: $0) }))
    }
  }
}
