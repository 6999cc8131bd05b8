internal import SWT
internal import SWTChecksums
internal import SWTDigests

/// Detects existing outputs that are what a conversion would write, so that they can be left alone.
enum UpToDate {
  /// The file at `path` if it is what the job would write; the source's values are read only if everything
  /// known without them agrees.
  ///
  /// - Throws: Errors of reading the source's values.
  static func find(_ path: String, _ job: inout ConversionJob) throws -> SWTFile? {
    guard let file = try? SWTFile(path: path),
      saysTheSame(file, job.draft, where: { $0 != SWTFormat.sourceDigestKey })
    else { return nil }
    try job.measure()
    return Self.file(path, job.draft)
  }

  /// Whether the file at `path` was made from a published file.
  static func isOfPublishedFile(_ path: String) -> Bool {
    (try? SWTFile(path: path))?.metadata("source.official") != nil
  }

  private static func saysTheSame(_ file: SWTFile, _ draft: Draft, where isKnown: (String) -> Bool) -> Bool {
    let contents = draft.contents
    guard file.tensorCount == contents.tensors.count, file.goldenSets == contents.goldenSets,
      file.metadataCount == contents.metadata.count,
      contents.metadata.allSatisfy({ !isKnown($0.key) || file.metadata($0.key) == $0.value }),
      file.quantizationCount == contents.quantizations.count
    else { return false }
    return contents.tensors.enumerated().allSatisfy { index, spec in
      let info = file.info(index)
      return info.name == spec.name && info.dtype == spec.dtype && info.shape == spec.shape
        && info.role == spec.role && info.isDerived == spec.isDerived
        && info.quantization == spec.quantization
    }
  }

  /// The file at `path` if it is complete and what the draft would become.
  ///
  /// Compares everything in the file: metadata (with the source's digest and every option), the tensors with
  /// the digests of their data, receipts, and goldens. The data is then checked against the file's own
  /// digests, so a damaged output is not up to date.
  private static func file(_ path: String, _ draft: Draft) -> SWTFile? {
    guard let file = try? SWTFile(path: path), saysTheSame(file, draft, where: { _ in true }) else {
      return nil
    }
    let contents = draft.contents
    for (index, spec) in contents.tensors.enumerated() {
      guard spec.sha256 != nil, file.digest(index) == spec.sha256,
        file.receipt(index) == (contents.receipts.isEmpty ? nil : contents.receipts[index])
      else { return nil }
    }
    guard (try? file.verify(using: SystemDigests())) != nil else { return nil }
    return file
  }
}
