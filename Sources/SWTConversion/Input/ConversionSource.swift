internal import PthReader
internal import ResNetArchitecture
internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTInputs

/// The input file of a conversion: opened, its digest in progress, with passes over its values.
final class ConversionSource: Sendable {
  let path: String
  /// Reads the values.
  let file: PthFile
  /// Everything in a weight file, or in its safetensors form, except tensor data; nil for a checkpoint.
  let stored: StoredWeights?
  let threads: Int
  let progress: ConversionProgress?
  /// Nil for a weight file, which records its source itself.
  private let digest: SourceDigest?
  /// The source and its shards as they were before they were opened.
  private let watched: WatchedFiles

  /// Placeholder of the same length for a digest that is not known yet.
  static let unknownDigest = String(repeating: "0", count: 64)

  /// Opens a file, recognized by its content.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - options: Limits and threads.
  ///   - progress: Reports how much was read.
  ///   - isDigested: Whether to compute the digest of the whole file; it starts first, because nothing takes
  ///     longer.
  /// - Throws: ``InputFailure`` or ``ParseFailure`` if it cannot be read.
  init(
    _ path: String, _ options: ConversionOptions, _ progress: ConversionProgress? = nil,
    isDigested: Bool = true
  ) throws {
    watched = CheckpointReader.watch(path)
    let isDigested = isDigested && options.part?.index ?? 1 == 1
    let digest = isDigested ? SourceDigest(path, threads: options.threads, progress) : nil
    self.path = path
    threads = options.threads
    self.progress = progress
    switch try OpenedInput(path, limits: options.limits) {
    case .weights(let weights):
      let stored = try StoredWeights(weights, path: path)
      file = try stored.file(path: path, limits: options.limits)
      self.stored = stored
    case .checkpoint(let opened):
      file = opened
      stored = try StoredWeights(opened)
    }
    if stored != nil { digest?.cancel() }
    self.digest = stored == nil ? digest : nil
  }

  /// Opens the parts of one checkpoint as one weight file.
  ///
  /// - Throws: ``InputFailure`` or ``ParseFailure`` if one cannot be read, or does not belong to the others.
  init(joining paths: [String], _ options: ConversionOptions, _ progress: ConversionProgress?) throws {
    watched = WatchedFiles(paths)
    let stored = try JoinedParts.open(paths)
    path = paths[0]
    threads = options.threads
    self.progress = progress
    file = try stored.file(path: paths[0], limits: options.limits)
    self.stored = stored
    digest = nil
  }

  /// A pass over the values of a draft.
  func pass(_ draft: Draft) -> TensorPass { TensorPass(draft: draft, source: self) }

  /// Checks, after everything was read, that no other program has changed the source meanwhile: values, their
  /// digests and the digest of the file come from separate reads.
  ///
  /// - Throws: ``ParseFailure``.
  func requireUnchanged() throws(ParseFailure) { try watched.requireUnchanged() }

  /// Waits for the digest if it is computed on another thread.
  @Sendable func waitForDigest() {
    if threads > 1 { _ = digest?.wait() }
  }

  /// The SHA-256 of the whole file in hexadecimal digits; nil if not requested.
  ///
  /// - Throws: ``ParseFailure`` if the file cannot be read to its end.
  func sha256() throws(ParseFailure) -> String? { try digest?.wait().get().hex }

  /// The published file that this is, if any; waits for the digest.
  ///
  /// - Throws: ``ParseFailure`` if the file cannot be read to its end.
  func published() throws(ParseFailure) -> OfficialFile? {
    try sha256().flatMap { OfficialFile.find(sha256: $0) }
  }

  /// Reads all values without writing them, which completes the draft.
  func measure(_ draft: inout Draft) throws {
    let findings = try pass(draft).runAll(alsoRunning: waitForDigest)
    draft.take(findings)
    try addDigest(to: &draft)
    try requireUnchanged()
  }

  /// Fills in the digest of the file.
  func addDigest(to draft: inout Draft) throws(ParseFailure) {
    if let digits = try sha256() { draft.contents.metadata[SWTFormat.sourceDigestKey] = .text(digits) }
  }
}
