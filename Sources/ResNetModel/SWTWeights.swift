public import ResNetEngine
public import SWT

/// The tensors of a weight file for an engine: by name, as float32.
///
/// Tensors stored as float32 are borrowed from the mapping without a copy; others are converted on access,
/// quantized ones dequantized.
public struct SWTWeights: WeightSource {
  private let file: SWTFile

  /// The weights of an open file, read on access.
  public init(_ file: SWTFile) { self.file = file }

  public func holds(_ name: String) -> Bool { file.index(of: name) != nil }

  public func withFloats<Result>(
    _ name: String, _ body: (Span<Float>) throws -> Result
  ) throws -> Result {
    let view = try file.view(named: name)
    if view.dtype == .f32, view.info.isRowMajor {
      return try unsafe view.withUnsafeBytes { bytes in
        // 64-byte alignment is an invariant of the format, so binding is allowed.
        let floats = unsafe bytes.bindMemory(to: Float.self)
        return try unsafe body(floats.span)
      }
    }
    return try Self.lend(view.floats(), to: body)
  }

  public func integers(_ name: String) throws -> QuantizedFilters? {
    guard let index = file.index(of: name) else { return nil }
    let view = try file.view(named: name)
    let info = file.info(index)
    guard view.dtype == .i8, info.isRowMajor, let number = info.quantization, let filters = info.shape.first
    else { return nil }
    let record = file.quantization(number)
    let isPerFilter = record.scheme == .perChannel && record.axis == 0
    guard record.isSymmetric, isPerFilter || record.scheme == .perTensor else { return nil }
    let scales = try file.view(record.scaleTensor).numbers()
    let values = unsafe view.withUnsafeBytes { bytes in
      unsafe ContiguousArray(bytes.map { Int8(bitPattern: $0) })
    }
    return QuantizedFilters(
      values: values, scales: isPerFilter ? scales : [Double](repeating: scales[0], count: filters))
  }

  /// A separate function because the compiler (6.3.1) crashes on a span of an array that only one of two
  /// paths makes.
  @inline(never)
  private static func lend<Result>(
    _ floats: ContiguousArray<Float>, to body: (Span<Float>) throws -> Result
  ) throws -> Result {
    try body(floats.span)
  }
}
