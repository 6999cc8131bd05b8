internal import PthReader
internal import ResNetArchitecture
internal import SWT
internal import SWTBytes
internal import SWTChecksums

/// The file that a conversion reads: its name, its digest, and the passes over its values.
struct ConversionSource: Sendable {
  let path: String
  let limits: ParseLimits
  let threads: Int
  let progress: ConversionProgress?
  /// nil for a weight file, which says itself where it came from.
  let digest: SourceDigest?
  private let checks = StorageChecks()

  /// A digest's place in metadata until it is known: as long as one.
  static let unknownDigest = String(repeating: "0", count: 64)
  static let digestKey = "source.sha256"

  init(
    _ path: String, _ options: ConversionOptions, _ digest: SourceDigest?, _ progress: ConversionProgress?
  ) {
    self.path = path
    limits = options.limits
    threads = options.threads
    self.digest = digest
    self.progress = progress
  }

  /// A pass over the values of a draft; the storages' checksums are compared in the first that reads them.
  func pass(_ draft: Draft) -> TensorPass {
    TensorPass(draft: draft, file: path, limits: limits, threads: threads, checks: checks, progress: progress)
  }

  /// Returns when the digest is computed, if that goes on on another thread.
  @Sendable func waitForDigest() {
    if threads > 1 { _ = digest?.wait() }
  }

  /// Fills in the digest of the file.
  func addDigest(to draft: inout Draft) throws(ParseFailure) {
    guard let digest else { return }
    switch digest.wait() {
    case .success(let sum): draft.contents.metadata[Self.digestKey] = .text(sum.hex)
    case .failure(let failure): throw failure
    }
  }

  /// The published file that this is, when it is one.
  ///
  /// - Throws: ``ConversionFailure`` when the file cannot be read to its end.
  func published() throws(ConversionFailure) -> OfficialFile? {
    switch digest?.wait() {
    case .success(let sum)?: return OfficialFile.find(sha256: sum.hex)
    case .failure(let failure)?: throw ConversionFailure(failure, reading: path)
    case nil: return nil
    }
  }

  /// Reads the values without writing them, so that all of the draft is known.
  ///
  /// - Throws: ``ConversionFailure`` when they cannot be read or stored.
  func measure(_ draft: inout Draft) throws(ConversionFailure) {
    do {
      let pass = pass(draft)
      draft.take(try pass.run(pass.allPieces, alsoRunning: waitForDigest))
      try addDigest(to: &draft)
    } catch {
      throw ConversionFailure(error, reading: path)
    }
  }
}
