internal import SWT
internal import SWTDigests

/// Writes a draft as a `.swt` file, in one pass over the source.
enum SWTOutput {
  /// Reads, hashes and writes the values, and completes the job's draft with the results.
  ///
  /// - Throws: ``SWTWriteError``, ``ParseFailure``, ``ConversionFailure`` or ``UnexpectedlyPublished``; a
  ///   previous file is then unchanged.
  /// - Returns: The content ID and size of the file.
  static func write(
    _ job: inout ConversionJob, to output: String, _ options: ConversionOptions
  ) throws -> SWTWriteResult {
    let source = job.source
    let candidates = AliasCandidates.find(job.draft, source.file)
    // Each pass ends before its results are taken: it shares the arrays that they change.
    let hashed = try source.pass(job.draft).run(candidates.map { .tensor($0) })
    job.draft.take(hashed)
    let writer = try SWTWriter(
      job.draft.contents, to: output, digests: SystemDigests(), replaceExisting: options.replacesExisting,
      followsLinks: options.followsLinks)
    let written = try source.pass(job.draft).runAll(to: writer, alsoRunning: source.waitForDigest)
    job.draft.take(written, areWritten: true)
    try source.addDigest(to: &job.draft)
    try job.requireExpected()
    try source.requireUnchanged()
    return try writer.finish(job.draft.contents)
  }
}
