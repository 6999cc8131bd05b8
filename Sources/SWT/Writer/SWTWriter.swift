public import SWTBytes
public import SWTChecksums
internal import Synchronization

/// Why a `.swt` file could not be written.
public enum SWTWriteError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The system refused, or the file exists.
  case file(WriteFailure)
  /// The contents break a rule of the format.
  case contents(SWTError)

  public var description: String {
    switch self {
    case .file(let failure): "\(failure)"
    case .contents(let error): "\(error)"
    }
  }
}

/// Writes a `.swt` file: everything but the values is declared first, then the values stream through.
///
/// Memory does not depend on the size of a tensor, the same contents give the same bytes on every platform, and
/// the file appears under its name only when ``finish()`` returns. The header is written last, after all else is
/// on the disk, so that a torn file never looks like a `.swt`.
///
/// Tensors come one after the other through ``append(_:to:)``, or several at once through streams of their own.
public final class SWTWriter: Sendable {
  private let encoder: IndexEncoder
  private let placement: Placement
  private let contents: SWTContents
  private let digests: any DigestProvider
  private let output: AtomicFile
  /// What is known of the tensors that are complete.
  private let sums: Mutex<[Sum?]>
  /// The tensor that ``append(_:to:)`` is at.
  private let current = Mutex<SWTTensorStream?>(nil)

  struct Sum: Sendable {
    var crc32c: UInt32
    var sha256: SHA256Digest
  }

  /// Lays the file out and creates its temporary.
  ///
  /// - Throws: ``SWTWriteError`` when the contents break a rule or the file cannot be created.
  public init(
    _ contents: SWTContents, to path: String, digests: any DigestProvider, replaceExisting: Bool = true
  ) throws(SWTWriteError) {
    do {
      placement = try Placement(contents)
      encoder = try IndexEncoder(contents, placement)
    } catch {
      throw .contents(error)
    }
    do {
      output = try AtomicFile(path: path, replaceExisting: replaceExisting)
      try output.reserve(encoder.fileSize)
    } catch {
      throw .file(error)
    }
    self.contents = contents
    self.digests = digests
    sums = Mutex(Array(repeating: nil, count: contents.tensors.count))
  }

  /// Size that the file will have.
  public var fileSize: Int { encoder.fileSize }

  /// Bytes that the tensor needs; 0 for one that became an alias.
  public func byteCount(_ index: Int) -> Int {
    placement.aliasOf[index] == nil ? placement.byteCounts[index] : 0
  }

  /// The earlier tensor whose bytes this one shares.
  public func aliasOf(_ index: Int) -> Int? { placement.aliasOf[index] }

  /// Takes the next bytes of a tensor; tensors come in data order, without those that became aliases.
  ///
  /// - Precondition: No tensor gets more bytes than it has, and none is left before it is complete.
  /// - Throws: ``SWTWriteError``.
  public func append(_ bytes: RawSpan, to index: Int) throws(SWTWriteError) {
    let stream: SWTTensorStream
    if let open = current.withLock({ $0 }), open.index == index {
      stream = open
    } else {
      try closeCurrent()
      stream = self.stream(index)
      current.withLock { $0 = stream }
    }
    try stream.append(bytes)
  }

  private func closeCurrent() throws(SWTWriteError) {
    if let open = current.withLock({ $0.take() }) { try close(open) }
  }

  // MARK: Several at once

  /// Starts to write one tensor; streams of different tensors may be on different threads.
  package func stream(_ index: Int) -> SWTTensorStream {
    SWTTensorStream(
      index, byteCount: byteCount(index), at: encoder.dataOffset + placement.offsets[index], output,
      digests.makeSHA256())
  }

  /// Takes a stream's tensor as complete.
  ///
  /// - Precondition: It got all of its bytes.
  /// - Throws: ``SWTWriteError`` when they are not those that were declared.
  /// - Returns: Their digest.
  @discardableResult
  package func close(_ stream: SWTTensorStream) throws(SWTWriteError) -> SHA256Digest {
    let sum = stream.finish()
    let spec = contents.tensors[stream.index]
    if let expected = spec.sha256, expected != sum.sha256 {
      let text = "tensor \(spec.name): its bytes changed since they were hashed"
      throw .contents(SWTError(.dataDigest, text))
    }
    sums.withLock { $0[stream.index] = sum }
    return sum.sha256
  }

  // MARK: The end

  /// Writes the index, makes the file durable and gives it its name.
  ///
  /// - Throws: ``SWTWriteError``; the old file, if any, is then still there.
  public func finish() throws(SWTWriteError) -> SWTWriteResult {
    try finish(contents)
  }

  /// The same, with what the values had to be read for: metadata, digests of the source, receipts.
  ///
  /// - Parameter final: Contents with the same tensors and the same metadata, but for ``SWTFormat/sourceDigestKey``,
  ///   whose text has a slot of its own and has to keep its length.
  /// - Throws: ``SWTWriteError``; the old file, if any, is then still there.
  package func finish(_ final: SWTContents) throws(SWTWriteError) -> SWTWriteResult {
    try closeCurrent()
    let (crcs, hashes) = allSums()
    let index: [UInt8]
    do throws(SWTError) {
      index = try IndexEncoder(final, placement).encode(crcs: crcs, digests: hashes)
    } catch {
      throw .contents(error)
    }
    guard index.count == encoder.dataOffset else {
      throw .contents(SWTError(.metadata, "the metadata changed its length while the values were written"))
    }
    do throws(WriteFailure) {
      try output.write([UInt8](repeating: 0, count: SWTFormat.tailSize), at: fileSize - SWTFormat.tailSize)
      try output.writeIndex(index)
    } catch {
      throw .file(error)
    }
    do {
      // Whatever was declared wrongly, a file that the reader would refuse never gets its name.
      _ = try SWTFile(path: output.temporary)
    } catch {
      throw .contents(error)
    }
    do {
      try output.commit()
    } catch {
      throw .file(error)
    }
    return SWTWriteResult(
      contentID: digests.sha256(index), byteCount: fileSize, aliasCount: placement.aliasOf.count { $0 != nil }
    )
  }

  /// Gives up and leaves nothing.
  ///
  /// The same happens when the writer goes away unfinished.
  public func cancel() { output.abort() }

  /// Checksums and digests of all tensors, which must be complete.
  private func allSums() -> (crcs: [UInt32], digests: [SHA256Digest]) {
    var sums = sums.withLock { $0 }
    for index in sums.indices {
      if let target = placement.aliasOf[index] {
        sums[index] = sums[target]
      } else if sums[index] == nil {
        precondition(byteCount(index) == 0, "a tensor was left before it was complete")
        sums[index] = Sum(crc32c: 0, sha256: digests.makeSHA256().finalize())
      }
    }
    return (sums.map { $0?.crc32c ?? 0 }, sums.map { $0?.sha256 ?? .zero })
  }
}

extension AtomicFile {
  /// Writes the index region after the data, its header when all else is on the disk.
  func writeIndex(_ index: [UInt8]) throws(WriteFailure) {
    try write(Array(index[SWTFormat.headerSize...]), at: SWTFormat.headerSize)
    try synchronize()
    try write(Array(index[..<SWTFormat.headerSize]), at: 0)
  }
}

extension SWTWriter {
  /// Writes a whole file, asking for the bytes of one tensor at a time.
  ///
  /// `provide` is called for each tensor that is not empty and not an alias, in data order, and passes its bytes
  /// on in pieces of any size.
  ///
  /// - Throws: ``SWTWriteError``, or what `provide` throws.
  /// - Returns: The identity and the size of the file.
  @discardableResult
  public static func write(
    _ contents: SWTContents, to path: String, digests: any DigestProvider, replaceExisting: Bool = true,
    provide: (_ index: Int, _ sink: (RawSpan) throws -> Void) throws -> Void
  ) throws -> SWTWriteResult {
    let writer = try SWTWriter(contents, to: path, digests: digests, replaceExisting: replaceExisting)
    for index in contents.tensors.indices where writer.byteCount(index) > 0 {
      try provide(index) { piece in try writer.append(piece, to: index) }
    }
    return try writer.finish()
  }
}
