internal import PthReader
internal import SWT
internal import SWTBytes

/// What a conversion starts from.
enum ConversionInput {
  case checkpoint(Checkpoint)
  /// A weight file, or the safetensors form of one.
  case stored(StoredWeights)

  /// Opens a file, recognised by its content.
  ///
  /// - Throws: ``ConversionFailure/input(file:_:)``.
  init(_ path: String, limits: ParseLimits) throws(ConversionFailure) {
    do throws(ParseFailure) {
      let head = try FileSource(path: path)
      if try head.starts(with: SWTFormat.magic) {
        self = .stored(try StoredWeights(swt: path))
        return
      }
      let checkpoint = try CheckpointReader.open(path: path, limits: limits)
      try checkpoint.requireHarmless()
      if let stored = try StoredWeights(checkpoint, limits: limits) {
        self = .stored(stored)
      } else {
        self = .checkpoint(checkpoint)
      }
    } catch {
      throw .input(file: path, error)
    }
  }
}
