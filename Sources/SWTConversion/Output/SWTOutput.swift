internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTDigests

/// Writes a draft as a `.swt` file, in one pass over the source.
enum SWTOutput {
  /// Reads, hashes and writes the values, and completes the draft with what they told.
  ///
  /// - Parameters:
  ///   - draft: What is to be written.
  ///   - source: The source.
  ///   - output: Its name.
  ///   - options: Whether an existing file is replaced.
  ///   - isStopped: Asked for the source's SHA-256 in hexadecimal digits; true stops before anything appears.
  /// - Throws: ``ConversionFailure``; what was there before is then still there.
  /// - Returns: The identity and the size of the file; nil when it was stopped.
  static func write(
    _ draft: inout Draft, from source: ConversionSource, to output: String, _ options: ConversionOptions,
    unless isStopped: (String) -> Bool
  ) throws(ConversionFailure) -> SWTWriteResult? {
    do {
      let candidates = AliasCandidates.find(draft, file: source.path, limits: options.limits)
      draft.take(try source.pass(draft).run(candidates.map { .tensor($0) }))
      while true {
        let writer = try SWTWriter(
          draft.contents, to: output, digests: SystemDigests(), replaceExisting: options.replacesExisting)
        let pass = source.pass(draft)
        draft.take(try pass.run(pass.allPieces, to: writer, alsoRunning: source.waitForDigest))
        try source.addDigest(to: &draft)
        if case .text(let digest) = draft.contents.metadata[ConversionSource.digestKey], isStopped(digest) {
          return nil
        }
        // A text that the index holds already, as metadata that the user gave, makes it shorter than planned. The
        // second time everything is known from the start.
        if let result = try writer.finish(draft.contents) { return result }
      }
    } catch let error as SWTWriteError {
      switch error {
      case .file(let failure):
        throw .output(file: output, "\(failure)", hint: failure.isExisting ? "--force replaces it" : nil)
      case .contents(let error): throw .output(file: output, "\(error)", hint: nil)
      }
    } catch {
      throw ConversionFailure(error, reading: source.path)
    }
  }
}
