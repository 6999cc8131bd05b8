internal import SWT

/// The largest rounding error that a tensor's type can cause, to bound what its receipt may state: the receipt
/// decides how much the outputs may differ.
enum ReceiptBound {
  /// Whether a receipt states no larger error than its operations can cause.
  static func accepts(_ receipt: SWTReceipt, _ info: TensorInfo, _ file: SWTFile) -> Bool {
    let error = Double(receipt.relL2Error)
    guard error.isFinite, error >= 0 else { return false }
    guard error > usual(info.dtype) else { return true }
    // Rare: values near zero, or few large ones among small ones. Only the values themselves tell.
    return (try? error <= exact(info, file)) ?? false
  }

  /// An error that needs no further proof.
  private static func usual(_ dtype: SWTDType?) -> Double {
    switch dtype {
    case .f64: 0x1p-52
    case .f32: 0x1p-23
    case .f16: 0x1p-10
    case .bf16: 0x1p-8
    case .i8: 0.015
    default: 0
    }
  }

  /// The error if every element were rounded as far as possible.
  private static func exact(_ info: TensorInfo, _ file: SWTFile) throws -> Double {
    let view = try file.view(info.index)
    let values = try view.numbers()
    var scales: [Double] = []
    if let number = info.quantization {
      scales = try file.view(file.quantization(number).scaleTensor).numbers()
    }
    let filter = max(values.count / max(scales.count, 1), 1)
    let isZero = scales.indices.map { number in
      values[min(number * filter, values.count)..<min((number + 1) * filter, values.count)].allSatisfy {
        $0 == 0
      }
    }
    var (errors, squares) = (0.0, 0.0)
    for (place, value) in values.enumerated() {
      let step =
        scales.isEmpty
        ? max(abs(value) * relativeStep(info.dtype), smallestStep(info.dtype))
        // A filter of zeros is exact, whatever its scale.
        : isZero[min(place / filter, scales.count - 1)] ? 0 : scales[min(place / filter, scales.count - 1)]
      errors += step * step / 4
      squares += value * value
    }
    // The exact values, to which errors are relative, may be smaller than the stored ones by as much.
    let norm = squares.squareRoot() - errors.squareRoot()
    return norm > 0 ? errors.squareRoot() / norm * 1.01 : .infinity
  }

  /// Distance of neighboring numbers, relative to them.
  private static func relativeStep(_ dtype: SWTDType?) -> Double {
    switch dtype {
    case .f64: 0x1p-52
    case .f32: 0x1p-23
    case .f16: 0x1p-10
    default: 0x1p-7
    }
  }

  /// Distance of the smallest numbers.
  private static func smallestStep(_ dtype: SWTDType?) -> Double {
    switch dtype {
    case .f16: 0x1p-24
    default: 0x1p-133
    }
  }
}
