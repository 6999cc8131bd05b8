internal import PthReader
internal import ResNetArchitecture
internal import SWT
internal import SWTBytes

/// Converts checkpoints to weight files: `state dict -> layer tree -> tensors in execution order -> file`.
///
/// A plan determines what is done with each tensor; a draft is the file as far as it is known without reading
/// values; a pass reads the values once, on all threads, and hashes, transforms and writes them window by
/// window.
public enum Converter {
  /// Converts `input` to `output`.
  ///
  /// The output appears under its name when it is complete and on disk; after an error the previous file is
  /// unchanged. Its bytes depend on the input and the options, but not on the number of threads.
  ///
  /// - Warning: The input is mapped, a few MiB at a time. Truncating it meanwhile is an error, but between a
  ///   length check and the reads after it, `SIGBUS` may still end an application without a handler.
  /// - Throws: ``ConversionFailure``.
  public static func convert(
    _ input: String, to output: String, _ options: ConversionOptions = ConversionOptions(),
    progress: ConversionProgress? = nil
  ) throws(ConversionFailure) -> ConversionSummary {
    do {
      let (source, format, official) = try open(input, for: output, options, progress)
      do {
        return try convert(source, to: output, format, options, official: official)
      } catch let news as UnexpectedlyPublished {
        return try convert(source, to: output, format, options, official: news.file)
      }
    } catch {
      throw ConversionFailure(error, input: input, output: output)
    }
  }

  /// Joins the parts of one checkpoint, in any order, to the file that one conversion would have made of it,
  /// byte for byte.
  ///
  /// Every part is checked first: its checksums and digests, and that all parts are there and are parts of one
  /// checkpoint.
  ///
  /// - Throws: ``ConversionFailure``.
  public static func join(
    _ parts: [String], to output: String, _ options: ConversionOptions = ConversionOptions(),
    progress: ConversionProgress? = nil
  ) throws(ConversionFailure) -> ConversionSummary {
    do {
      let source = try ConversionSource(joining: parts, options, progress)
      return try convert(source, to: output, try format(of: output), options, official: nil)
    } catch {
      throw ConversionFailure(error, input: parts.first ?? "", output: output)
    }
  }

  private static func format(of output: String) throws(ConversionFailure) -> OutputFormat {
    guard let format = OutputFormat(path: output) else {
      throw ConversionFailure.options(
        "\(output) has an ending that no output format has: .swt, .safetensors and .pth")
    }
    return format
  }

  /// What ``convert(_:to:_:progress:)`` would do, without writing anything.
  ///
  /// The values are read only to find out whether an existing output is up to date. What is known only after
  /// a pass over them, such as sizes and rounding, is absent.
  ///
  /// - Throws: ``ConversionFailure``, also if the output exists and would have to be replaced.
  package static func plan(
    _ input: String, to output: String, _ options: ConversionOptions
  ) throws(ConversionFailure) -> ConversionSummary {
    do {
      let (source, format, official) = try open(input, for: output, options, nil)
      var job = try ConversionJob(source, options, official: official)
      try source.requireUnchanged()
      guard !options.replacesExisting, Folder.kind(output) != nil else { return job.summary(byteCount: 0) }
      if format == .swt, let existing = try UpToDate.find(output, &job) {
        return job.summary(upToDate: existing)
      }
      throw SWTWriteError.file(WriteFailure(.exists, path: output))
    } catch {
      throw ConversionFailure(error, input: input, output: output)
    }
  }

  /// Opens the input, for an output whose ending says its format.
  ///
  /// A possible published file waits for its digest, which decides what shapes cannot; others are read
  /// meanwhile.
  private static func open(
    _ input: String, for output: String, _ options: ConversionOptions, _ progress: ConversionProgress?
  ) throws -> (source: ConversionSource, format: OutputFormat, official: OfficialFile?) {
    let format = try format(of: output)
    let source = try ConversionSource(input, options, progress)
    let mayBePublished =
      OfficialFile.mayBe(path: input, byteCount: source.file.checkpoint.byteCount)
      || UpToDate.isOfPublishedFile(output)
    return (source, format, mayBePublished ? try source.published() : nil)
  }

  /// Plans, drafts and writes.
  private static func convert(
    _ source: ConversionSource, to output: String, _ format: OutputFormat, _ options: ConversionOptions,
    official: OfficialFile?
  ) throws -> ConversionSummary {
    var job = try ConversionJob(source, options, official: official)
    switch format {
    case .safetensors:
      try job.measure()
      let byteCount = try SafetensorsOutput.write(job.draft, from: source, to: output, options)
      return job.summary(byteCount: byteCount, isRead: true)
    case .pth:
      try job.measure()
      let byteCount = try PthOutput.write(job.draft, from: source, to: output, options)
      var summary = job.summary(byteCount: byteCount, isRead: true)
      summary.warnings += PthOutput.losses(job.draft)
      return summary
    case .swt: break
    }
    if !options.replacesExisting, let existing = try UpToDate.find(output, &job) {
      return job.summary(upToDate: existing)
    }
    do {
      // Writing completes the job, so it comes before the summary is taken of it.
      let result = try SWTOutput.write(&job, to: output, options)
      return job.summary(written: result)
    } catch SWTWriteError.file(let failure) where failure.isExisting && !options.replacesExisting {
      // Another process may have written the same file meanwhile.
      guard let existing = try UpToDate.find(output, &job) else { throw SWTWriteError.file(failure) }
      return job.summary(upToDate: existing)
    }
  }
}

/// Thrown before the output appears, if the digest, known only after everything was read, identifies a
/// published file with another name and a size in no list. What is known about it may change every tensor, so
/// the file is read again.
struct UnexpectedlyPublished: Error {
  let file: OfficialFile
}
