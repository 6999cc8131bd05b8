internal import PthReader
internal import ResNetArchitecture
internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTInputs

/// The file that a conversion reads: opened, with its digest on the way, and the passes over its values.
final class ConversionSource: Sendable {
  let path: String
  /// The way to its values.
  let file: PthFile
  /// What a weight file, or the safetensors form of one, says besides its tensors' bytes; nil for a checkpoint.
  let stored: StoredWeights?
  let threads: Int
  let progress: ConversionProgress?
  /// nil for a weight file, which says itself where it came from.
  private let digest: SourceDigest?

  /// A digest's place in metadata until it is known: as long as one.
  static let unknownDigest = String(repeating: "0", count: 64)

  /// Opens a file, recognized by its content.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - options: Limits and threads.
  ///   - progress: Where to tell how far reading has come.
  ///   - isDigested: Whether the digest of the whole file is wanted; it starts before all else, as nothing takes longer.
  /// - Throws: ``InputFailure`` or ``ParseFailure`` when it cannot be read.
  init(
    _ path: String, _ options: ConversionOptions, _ progress: ConversionProgress? = nil,
    isDigested: Bool = true
  ) throws {
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

  /// A pass over the values of a draft.
  func pass(_ draft: Draft) -> TensorPass { TensorPass(draft: draft, source: self) }

  /// Returns when the digest is computed, if that goes on on another thread.
  @Sendable func waitForDigest() {
    if threads > 1 { _ = digest?.wait() }
  }

  /// The SHA-256 of the whole file in hexadecimal digits; nil where none was wanted.
  ///
  /// - Throws: ``ParseFailure`` when the file cannot be read to its end.
  func sha256() throws(ParseFailure) -> String? { try digest?.wait().get().hex }

  /// The published file that this is, when it is one: waits for the digest.
  ///
  /// - Throws: ``ParseFailure`` when the file cannot be read to its end.
  func published() throws(ParseFailure) -> OfficialFile? {
    try sha256().flatMap { OfficialFile.find(sha256: $0) }
  }

  /// Reads the values without writing them, so that all of the draft is known.
  func measure(_ draft: inout Draft) throws {
    let pass = pass(draft)
    draft.take(try pass.run(pass.allPieces, alsoRunning: waitForDigest))
    try addDigest(to: &draft)
  }

  /// Fills in the digest of the file.
  func addDigest(to draft: inout Draft) throws(ParseFailure) {
    if let digits = try sha256() { draft.contents.metadata[SWTFormat.sourceDigestKey] = .text(digits) }
  }
}
