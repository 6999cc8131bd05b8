public import SWT
public import SWTInference
internal import SWTTensorFiles
internal import SWTTensors

/// The tensors of a weight file as an engine asks for them: by name, in float32.
///
/// Tensors stored as float32 are lent from the mapping without a copy; others are widened when asked for.
public struct SWTWeights: WeightSource {
  private let file: SWTFile

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
    guard let type = view.dtype.scalarType, view.info.isRowMajor else {
      throw InferenceError.missingTensor(name)
    }
    let bytes = unsafe view.withUnsafeBytes { unsafe Array($0) }
    return try body(ContiguousArray(try ElementCoding.floats(bytes, type)).span)
  }
}
