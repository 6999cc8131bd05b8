internal import CRounding
internal import PthReader
internal import SWT
internal import SWTBytes
internal import SWTTensorFiles
internal import SWTTensors

/// A block of numbers in double precision, being converted from one element type to another; the only caller
/// of the C loops.
///
/// Rounding is to nearest, ties to even, and happens once. Belongs to one thread at a time.
struct NumberBlock {
  private(set) var values: [Double] = []

  init() {}

  init(_ values: [Double]) { self.values = values }

  var count: Int { values.count }

  /// Replaces the values by those of contiguous little-endian elements, exactly.
  ///
  /// - Throws: ``ParseFailure`` for types whose values are not real numbers.
  mutating func take(_ bytes: RawSpan, _ type: ScalarType) throws(ParseFailure) {
    guard let number = SWTDType(type).number else {
      values = try ElementCoding.integers(unsafe bytes.withUnsafeBytes { unsafe Array($0) }, type)
      return
    }
    let count = bytes.byteCount / type.byteWidth
    if values.count != count { values = Array(repeating: 0, count: count) }
    unsafe bytes.withUnsafeBytes { source in
      unsafe values.withUnsafeMutableBufferPointer { destination in
        guard let from = source.baseAddress, let to = destination.baseAddress else { return }
        unsafe p2s_widen(number, from, to, count, P2S_ROUNDING_BEST)
      }
    }
  }

  /// Subtracts a number from a range.
  mutating func subtract(_ number: Double, from range: Range<Int>) {
    for place in range { values[place] -= number }
  }

  /// Multiplies a range by a factor.
  mutating func multiply(_ range: Range<Int>, by factor: Double) {
    unsafe values.withUnsafeMutableBufferPointer { buffer in
      let part = unsafe UnsafeMutableBufferPointer(rebasing: buffer[range])
      guard let start = part.baseAddress else { return }
      unsafe p2s_scale(start, factor, part.count, P2S_ROUNDING_BEST)
    }
  }

  /// The largest magnitude in a range; not finite if one of its values is not.
  func largest(in range: Range<Int>) -> Double {
    unsafe values.withUnsafeBufferPointer { buffer in
      let part = unsafe UnsafeBufferPointer(rebasing: buffer[range])
      guard let start = part.baseAddress else { return 0 }
      return unsafe p2s_largest_magnitude(start, part.count, P2S_ROUNDING_BEST)
    }
  }

  /// Appends all values to `stored`, as elements of a floating-point type.
  ///
  /// - Precondition: `dtype` is f32, f16, bf16 or f64; `stored` has room.
  /// - Returns: Index of the first finite value that would become infinite, in which case `stored` is not
  ///   valid; else nil.
  func round(to dtype: SWTDType, _ stored: WindowBuffer, _ error: inout RoundingError) -> Int? {
    guard let number = dtype.number else { preconditionFailure("\(dtype) has no real numbers") }
    let done = unsafe stored.append(count * dtype.bitWidth / 8) { bytes in
      unsafe values.withUnsafeBufferPointer { buffer in
        guard let from = buffer.baseAddress, let to = bytes.baseAddress else { return 0 }
        return unsafe p2s_round(number, from, to, count, &error.sums, P2S_ROUNDING_BEST)
      }
    }
    return done < count ? done : nil
  }

  /// Stores a range as integers in -127...127 in `stored`, at the same indices after `start`.
  func quantize(
    _ range: Range<Int>, scale: Float, _ stored: WindowBuffer, after start: Int, _ error: inout RoundingError
  ) {
    unsafe stored.modify { bytes in
      unsafe values.withUnsafeBufferPointer { buffer in
        let part = unsafe UnsafeBufferPointer(rebasing: buffer[range])
        let places = start + range.lowerBound..<start + range.upperBound
        let target = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[places]).bindMemory(to: Int8.self)
        guard let from = part.baseAddress, let to = target.baseAddress else { return }
        unsafe p2s_quantize(from, Double(scale), to, part.count, &error.sums, P2S_ROUNDING_BEST)
      }
    }
  }
}

extension SWTDType {
  /// The type's name in the C loops; nil unless its values are real numbers.
  fileprivate var number: p2s_element? {
    switch self {
    case .f32: P2S_ELEMENT_F32
    case .f16: P2S_ELEMENT_F16
    case .bf16: P2S_ELEMENT_BF16
    case .f64: P2S_ELEMENT_F64
    default: nil
    }
  }
}
