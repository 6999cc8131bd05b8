internal import PthReader
internal import ResNetArchitecture
internal import SWT
internal import SWTBytes

/// Turns a checkpoint into a weight file: `state dict -> layer tree -> tensors in execution order -> file`.
///
/// A plan says what becomes of which tensor; a draft is the file as far as that is known without reading values; a
/// pass reads them, once, on all threads, and hashes, transforms and writes them window by window.
public enum Converter {
  /// Converts `input` to `output`.
  ///
  /// The output appears under its name when it is complete and on the disk; whatever fails leaves what was there.
  /// Its bytes depend on the input and the options, not on threads.
  ///
  /// - Warning: The file is mapped, a few MiB at a time. One that becomes shorter meanwhile is an error; in the moment
  ///   between looking at its length and reading, an application without a handler for `SIGBUS` may be ended by that
  ///   signal first.
  /// - Throws: ``ConversionFailure``.
  public static func convert(
    _ input: String, to output: String, _ options: ConversionOptions = ConversionOptions(),
    progress: ConversionProgress? = nil
  ) throws(ConversionFailure) -> ConversionSummary {
    do {
      let source = try ConversionSource(input, options, progress)
      // What may be a published file waits for its digest, which says what shapes cannot; any other is read meanwhile.
      let mayBePublished =
        OfficialFile.mayBe(path: input, byteCount: source.file.checkpoint.byteCount)
        || UpToDate.isOfPublishedFile(output)
      do {
        return try convert(source, to: output, options, official: mayBePublished ? source.published() : nil)
      } catch let news as UnexpectedlyPublished {
        return try convert(source, to: output, options, official: news.file)
      }
    } catch {
      throw ConversionFailure(error, input: input, output: output)
    }
  }

  /// Plan, draft, write.
  private static func convert(
    _ source: ConversionSource, to output: String, _ options: ConversionOptions, official: OfficialFile?
  ) throws -> ConversionSummary {
    var job = try ConversionJob(source, options, official: official)
    if SafetensorsOutput.isAsked(by: output) {
      try job.measure()
      return job.summary(byteCount: try SafetensorsOutput.write(job.draft, from: source, to: output, options))
    }
    if !options.replacesExisting, let existing = try UpToDate.find(output, &job) {
      return job.summary(upToDate: existing)
    }
    do {
      return job.summary(written: try SWTOutput.write(&job, to: output, options))
    } catch SWTWriteError.file(let failure) where failure.isExisting && !options.replacesExisting {
      // Another process may have made the same file meanwhile.
      guard let existing = try UpToDate.find(output, &job) else { throw SWTWriteError.file(failure) }
      return job.summary(upToDate: existing)
    }
  }
}

/// Thrown before anything appears when the digest of a file says, after all was read, that it is a published one under
/// another name and of a size that no list states. What is known of it may change every tensor, so the file is read again.
struct UnexpectedlyPublished: Error {
  let file: OfficialFile
}
