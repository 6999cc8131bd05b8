internal import PthReader
internal import SWT
internal import SWTTensors

/// A tensor of the output, and how it is made from those of the source.
struct PlannedTensor {
  /// Whether a layer is stored in 16 bits if the requested precision is i8.
  enum Width {
    case narrow, wide
    /// Wide if the rounding error of its integers is large enough.
    case measured
  }

  enum Recipe {
    /// The unchanged values.
    case keep(TensorEntry)
    /// The filters of a layer, possibly with its BatchNorm folded in, possibly in another type.
    case filters(TensorEntry, fold: BatchNormFold?, precision: Precision?, width: Width)
    /// The filters of a quantized layer as real numbers.
    case dequantized(TensorEntry, Dequantization, precision: Precision?, width: Width)
    /// The integers of a quantized layer, whose input has the scale and zero point of that module.
    case quantized(TensorEntry, input: String)
    /// The bias of a convolution after folding, in the type of the BatchNorm's bias.
    case bias(BatchNormFold, like: TensorEntry)
  }

  let name: String
  let role: SWTRole
  let recipe: Recipe
}

extension PlannedTensor {
  /// A tensor's type and shape in the file; if the format does not have the type, the shape is the number of
  /// bytes.
  static func form(of entry: TensorEntry) -> (dtype: SWTDType, shape: [Int]) {
    let dtype = SWTDType(entry.scalarType)
    return (dtype, dtype == .opaque ? [entry.byteCount] : entry.shape)
  }
}
