internal import SWT
internal import SWTDigests

/// Detects existing outputs that are, byte for byte, what a conversion would write, so that they can be left
/// alone.
enum UpToDate {
  /// The file at `path` if it is what the job would write; the source's values are read only if the file is
  /// similar enough.
  ///
  /// - Throws: Errors of reading the source's values.
  static func find(_ path: String, _ job: inout ConversionJob) throws -> SWTFile? {
    guard let file = try? SWTFile(path: path), isSimilar(file, job.draft) else { return nil }
    try job.measure()
    return job.draft.contents.isFile(file, using: SystemDigests()) ? file : nil
  }

  /// Whether the file at `path` was made from a published file.
  static func isOfPublishedFile(_ path: String) -> Bool {
    (try? SWTFile(path: path))?.metadata("source.official") != nil
  }

  /// Whether the file has as many tensors, sets and keys as the draft; almost every outdated file does not, or
  /// has another source.
  private static func isSimilar(_ file: SWTFile, _ draft: Draft) -> Bool {
    let contents = draft.contents
    return file.tensorCount == contents.tensors.count && file.metadataCount == contents.metadata.count
      && file.goldenSets == contents.goldenSets
      && contents.metadata.allSatisfy { key, value in
        key == SWTFormat.sourceDigestKey || file.metadata(key) == value
      }
  }
}
