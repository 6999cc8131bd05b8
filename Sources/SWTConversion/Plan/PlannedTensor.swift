internal import PthReader
internal import SWT
internal import SWTTensors

/// One tensor of the file to be, and how it comes from those of the source.
struct PlannedTensor {
  /// Whether a layer is stored in 16 bits when the precision asked for is i8.
  enum Width {
    case narrow, wide
    /// Wide when the error of its integers says that it pays.
    case measured
  }

  enum Recipe {
    /// The values as they are.
    case keep(TensorEntry)
    /// The filters of a layer, perhaps with its BatchNorm folded in, perhaps in another type.
    case filters(TensorEntry, fold: BatchNormFold?, precision: Precision?, width: Width)
    /// The bias that folding gives a convolution; stored in the type of the BatchNorm's own.
    case bias(BatchNormFold, like: TensorEntry)
  }

  let name: String
  let role: SWTRole
  let recipe: Recipe
}

extension PlannedTensor {
  /// A tensor's own type in the file, and its shape there: of types that the format has no name for, the number of
  /// bytes.
  static func form(of entry: TensorEntry) -> (dtype: SWTDType, shape: [Int]) {
    let dtype = SWTDType(entry.scalarType)
    return (dtype, dtype == .opaque ? [entry.byteCount] : entry.shape)
  }
}
