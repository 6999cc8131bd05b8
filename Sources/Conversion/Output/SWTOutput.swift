internal import SWT
internal import SWTBytes
internal import SWTDigests

/// Writes a draft as a `.swt` file.
enum SWTOutput {
  /// - Throws: ``ConversionFailure``; what was there before is then still there.
  static func write(
    _ draft: Draft, from input: String, to output: String, _ options: ConversionOptions
  ) throws(ConversionFailure) -> SWTWriteResult {
    do {
      let writer = try SWTWriter(
        draft.contents, to: output, digests: SystemDigests(), replaceExisting: options.replacesExisting)
      for (index, source) in draft.values.enumerated() where writer.aliasOf(index) == nil {
        try source.forEachWindow(file: input, limits: options.limits) { window in
          try writer.append(window, to: index)
        }
      }
      return try writer.finish()
    } catch let error as SWTWriteError {
      switch error {
      case .file(let failure):
        throw .output(file: output, "\(failure)", hint: failure.isExisting ? "--force replaces it" : nil)
      case .contents(let error): throw .output(file: output, "\(error)", hint: nil)
      }
    } catch {
      throw ConversionFailure(error, reading: input)
    }
  }
}

extension SWTWriter {
  /// Appends an array.
  fileprivate func append(_ bytes: [UInt8], to index: Int) throws(SWTWriteError) {
    let copy = ContiguousArray(bytes)
    try unsafe append(copy.span.bytes, to: index)
  }
}
