internal import PthReader
internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTDigests
internal import SWTTensors
internal import SWTThreads
internal import Synchronization

/// A pass over the values of a draft: each window is read once and, while it is in the cache, hashed,
/// checksummed, transformed and written.
///
/// Tensors are independent, so each is a piece of work for any free thread; within a tensor everything is in
/// order. The output does not depend on the number of threads.
struct TensorPass: Sendable {
  /// A piece of work.
  enum Piece: Sendable {
    /// A tensor of the file, with its scales.
    case tensor(Int)
    /// A tensor of the source that is only hashed.
    case source(Int)
  }

  let draft: Draft
  let source: ConversionSource

  private var progress: ConversionProgress? { source.progress }

  /// All pieces: the tensors of the file, and the tensors that are only hashed.
  ///
  /// Small tensors first, which dirty pages all over the file that must be written to disk; then in order of
  /// decreasing size, so that all threads end at about the same time.
  private var allPieces: [Piece] {
    let tensors = draft.values.indices.filter { index in
      if case .scales = draft.values[index] { false } else { true }
    }
    let covered = Set(tensors.compactMap { draft.source(of: $0) })
    let pieces =
      tensors.map { Piece.tensor($0) }
      + draft.sources.indices.filter { !covered.contains($0) }.map { .source($0) }
    // Pieces of equal size stay in file order.
    return pieces.enumerated().map { place, piece in
      let size = byteCount(piece)
      return (rank: size < Self.smallBytes ? Int.max : size, place: place, piece: piece)
    }
    .sorted { ($1.rank, $0.place) < ($0.rank, $1.place) }.map(\.piece)
  }

  /// Does all pieces.
  func runAll(
    to writer: SWTWriter? = nil, alsoRunning: @escaping @Sendable () -> Void
  ) throws -> PassFindings {
    try run(allPieces, to: writer, alsoRunning: alsoRunning)
  }

  /// Does the pieces, and writes the tensors if there is a writer.
  ///
  /// - Parameters:
  ///   - pieces: The pieces to do.
  ///   - writer: Writes the tensors; those that it took for aliases are left out.
  ///   - alsoRunning: Waits for work on another thread that occupies a processor.
  /// - Throws: The error that a single thread would have met first.
  /// - Returns: Digests, and results of transforms.
  func run(
    _ pieces: [Piece], to writer: SWTWriter? = nil, alsoRunning: @escaping @Sendable () -> Void = {}
  ) throws -> PassFindings {
    progress?.expect(pieces.reduce(0) { $0 + byteCount($1) })
    let collected = Collected(PassFindings(tensorCount: draft.values.count))
    try ParallelWork.run(count: pieces.count, threads: source.threads, firstHelperWaits: alsoRunning) {
      number in
      switch pieces[number] {
      case .tensor(let index):
        let finding = try inTurn(draft.values[index].entry) { try tensor(index, writer) }
        if let finding { collected.findings.withLock { $0.add(finding, at: index) } }
      case .source(let index):
        let digest = try inTurn(draft.sources[index]) { try hash(draft.sources[index]) }
        collected.findings.withLock { $0.sources[index] = digest }
      }
    }
    return collected.findings.withLock { $0 }
  }

  private final class Collected: Sendable {
    let findings: Mutex<PassFindings>

    init(_ findings: PassFindings) { self.findings = Mutex(findings) }
  }

  /// The time for smaller tensors is negligible.
  private static let smallBytes = 64 << 10

  private func byteCount(_ piece: Piece) -> Int {
    switch piece {
    case .tensor(let index): draft.values[index].entry?.byteCount ?? 0
    case .source(let index): draft.sources[index].byteCount
    }
  }

  // MARK: One piece

  /// Strided tensors keep many pages of their storage in memory, so only one is read at a time.
  private static let stridedTurn = Mutex(())

  private func inTurn<R>(_ entry: TensorEntry?, _ body: () throws -> R) throws -> R {
    guard let entry, !entry.layout.isContiguous else { return try body() }
    return try Self.stridedTurn.withLock { _ in try body() }
  }

  private func tensor(_ index: Int, _ writer: SWTWriter?) throws -> PassFindings.Tensor? {
    guard writer?.aliasOf(index) == nil else { return nil }
    let sink = TensorSink(index, writer)
    var finding = PassFindings.Tensor()
    switch draft.values[index] {
    case .scales: preconditionFailure("scales come with the tensor before them")
    case .bytes(let bytes): try sink.append(bytes)
    case .entry(let entry):
      try read(entry) { window in try sink.append(window) }
    case .transform(let transform):
      let digest = draft.source(of: index).map { _ in SystemDigests().makeSHA256() }
      finding.outcome = try run(transform, digest) { window in try sink.append(window) }
      finding.sourceDigest = digest?.finalize()
      if case .integers = transform.target {
        let scales = LittleEndian.bytes((finding.outcome?.scales ?? []).map(\.bitPattern))
        let sink = TensorSink(index + 1, writer?.aliasOf(index + 1) == nil ? writer : nil)
        try sink.append(scales)
        finding.scales = (scales, try sink.finish())
      }
    }
    finding.digest = try sink.finish()
    return finding
  }

  private func hash(_ entry: TensorEntry) throws -> SHA256Digest {
    let digest = SystemDigests().makeSHA256()
    try read(entry) { digest.update($0) }
    return digest.finalize()
  }

  /// Reads the values of a tensor window by window, and checks its storage's checksum.
  private func read(_ entry: TensorEntry, _ body: (RawSpan) throws -> Void) throws {
    var reader = try source.file.reader(of: entry, windowBytes: TensorWindows.cachedBytes)
    let window = WindowBuffer(capacity: reader.windowBytes)
    while try reader.next(into: window) {
      do {
        try body(window.bytes)
      } catch {
        // If the source was truncated, writing mapped bytes fails; report the source instead of the output.
        try reader.requireSource()
        throw error
      }
      progress?.advance(window.count)
    }
  }

  private func run(
    _ transform: WeightTransform, _ digest: (any RunningDigest)?, _ stored: (RawSpan) throws -> Void
  ) throws -> WeightTransform.Outcome {
    do {
      return try transform.run(
        source.file,
        source: { window in
          digest?.update(window)
          progress?.advance(window.byteCount)
        }, stored: stored)
    } catch let failure as ConversionFailure {
      // Damage can cause values that cannot be stored; report the damage instead.
      try source.file.requireChecksum(of: transform.entry)
      throw failure
    }
  }
}
