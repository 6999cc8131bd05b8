public import SWTBytes
public import SWTChecksums
internal import Synchronization

/// Why a `.swt` file could not be written.
public enum SWTWriteError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The system could not write the file, or it already exists.
  case file(WriteFailure)
  /// The contents violate a rule of the format.
  case contents(SWTError)

  public var description: String {
    switch self {
    case .file(let failure): "\(failure)"
    case .contents(let error): "\(error)"
    }
  }
}

/// Writes a `.swt` file: everything except the values is declared first, then the values are streamed.
///
/// Memory use does not depend on the size of a tensor, the same contents give the same bytes on every
/// platform, and the file appears under its name only when ``finish()`` returns. The header is written last,
/// after everything else is on disk, so that a torn file never looks like a `.swt`.
///
/// Write tensors one after the other with ``append(_:to:)``, or several at once with one stream each.
public final class SWTWriter: Sendable {
  private let dataOffset: Int
  private let placement: Placement
  private let contents: SWTContents
  private let digests: any DigestProvider
  private let output: AtomicFile
  /// Checksums and digests of the complete tensors.
  private let sums: Mutex<[Sum?]>
  /// The tensor that ``append(_:to:)`` is writing.
  private let current = Mutex<SWTTensorStream?>(nil)

  struct Sum: Sendable {
    var crc32c: UInt32
    var sha256: SHA256Digest
  }

  /// Determines the layout and creates the temporary file.
  ///
  /// - Throws: ``SWTWriteError`` if the contents violate a rule or the file cannot be created.
  public convenience init(
    _ contents: SWTContents, to path: String, digests: any DigestProvider, replaceExisting: Bool = true
  ) throws(SWTWriteError) {
    try self.init(
      contents, to: path, digests: digests, replaceExisting: replaceExisting, followsLinks: true)
  }

  /// Does not follow a symbolic link at `path` if told so: for names that a program derives.
  package init(
    _ contents: SWTContents, to path: String, digests: any DigestProvider, replaceExisting: Bool,
    followsLinks: Bool
  ) throws(SWTWriteError) {
    do {
      placement = try Placement(contents)
      let encoder = try IndexEncoder(contents, placement)
      (dataOffset, fileSize) = (encoder.dataOffset, encoder.fileSize)
    } catch {
      throw .contents(error)
    }
    do {
      output = try AtomicFile(path: path, replaceExisting: replaceExisting, followsLinks: followsLinks)
      try output.reserve(fileSize)
    } catch {
      throw .file(error)
    }
    self.contents = contents
    self.digests = digests
    sums = Mutex(Array(repeating: nil, count: contents.tensors.count))
  }

  /// Size of the finished file in bytes.
  public let fileSize: Int

  /// Number of bytes to write for a tensor; 0 for an alias.
  public func byteCount(_ index: Int) -> Int {
    placement.aliasOf[index] == nil ? placement.byteCounts[index] : 0
  }

  /// The earlier tensor whose bytes this one shares; nil unless it is an alias.
  public func aliasOf(_ index: Int) -> Int? { placement.aliasOf[index] }

  /// Writes the next bytes of a tensor; tensors come in data order, without aliases.
  ///
  /// - Precondition: A tensor gets exactly its size in bytes before the next one starts.
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
      index, byteCount: byteCount(index), at: dataOffset + placement.offsets[index], output,
      digests.makeSHA256())
  }

  /// Completes a stream's tensor.
  ///
  /// - Precondition: All of its bytes were written.
  /// - Throws: ``SWTWriteError`` if they do not have the declared digest.
  /// - Returns: Their digest.
  @discardableResult
  package func close(_ stream: SWTTensorStream) throws(SWTWriteError) -> SHA256Digest {
    let sum = stream.finish()
    let spec = contents.tensors[stream.index]
    if let expected = spec.sha256, expected != sum.sha256 {
      let text = "the bytes of tensor \(spec.name) changed after they were hashed"
      throw .contents(SWTError(.dataDigest, text))
    }
    sums.withLock { $0[stream.index] = sum }
    return sum.sha256
  }

  // MARK: Finishing

  /// Writes the index, makes the file durable and gives it its name.
  ///
  /// - Throws: ``SWTWriteError``; an existing file is then unchanged.
  public func finish() throws(SWTWriteError) -> SWTWriteResult {
    try finish(contents)
  }

  /// Finishes with contents that could be completed only after reading the values: metadata, digests of the
  /// source, receipts.
  ///
  /// - Parameter final: Contents with the same tensors and the same metadata, but for ``SWTFormat/sourceDigestKey``,
  ///   whose text has a slot of its own and has to keep its length.
  /// - Throws: ``SWTWriteError``; an existing file is then unchanged.
  /// - Returns: The content ID and size of the file.
  package func finish(_ final: SWTContents) throws(SWTWriteError) -> SWTWriteResult {
    try closeCurrent()
    let (crcs, hashes) = allSums()
    // Empty tensors are never closed, so their declared digests are compared here.
    for (spec, hash) in zip(final.tensors, hashes) where spec.sha256 != nil && spec.sha256 != hash {
      throw .contents(SWTError(.dataDigest, "\(spec.name) does not have the declared SHA-256"))
    }
    let contentID = try writeIndex(final, crcs, hashes)
    do {
      // Whatever was declared wrongly, a file that the reader would reject never gets its name.
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
      contentID: contentID, byteCount: fileSize, aliasCount: placement.aliasOf.count { $0 != nil })
  }

  /// Writes everything except the values, which is not kept in memory while the file is checked.
  ///
  /// - Returns: The content ID.
  private func writeIndex(
    _ final: SWTContents, _ crcs: [UInt32], _ hashes: [SHA256Digest]
  ) throws(SWTWriteError) -> SHA256Digest {
    let index: [UInt8]
    do throws(SWTError) {
      index = try IndexEncoder(final, placement).encode(crcs: crcs, digests: hashes)
    } catch {
      throw .contents(error)
    }
    guard index.count == dataOffset else {
      throw .contents(SWTError(.metadata, "the metadata changed its length while the values were written"))
    }
    do throws(WriteFailure) {
      try output.write([UInt8](repeating: 0, count: SWTFormat.tailSize), at: fileSize - SWTFormat.tailSize)
      try output.writeIndex(index)
    } catch {
      throw .file(error)
    }
    return digests.sha256(index)
  }

  /// Removes the temporary file.
  ///
  /// The same happens when an unfinished writer is destroyed.
  public func cancel() { output.abort() }

  /// Checksums and digests of all tensors, which must be complete.
  private func allSums() -> (crcs: [UInt32], digests: [SHA256Digest]) {
    var sums = sums.withLock { $0 }
    for index in sums.indices {
      if let target = placement.aliasOf[index] {
        sums[index] = sums[target]
      } else if sums[index] == nil {
        precondition(byteCount(index) == 0, "a tensor is incomplete")
        sums[index] = Sum(crc32c: 0, sha256: digests.makeSHA256().finalize())
      }
    }
    return (sums.map { $0?.crc32c ?? 0 }, sums.map { $0?.sha256 ?? .zero })
  }
}

extension AtomicFile {
  /// Writes the index region after the data, and the header after everything else is on disk.
  func writeIndex(_ index: [UInt8]) throws(WriteFailure) {
    try unsafe index.withUnsafeBufferPointer { (buffer) throws(WriteFailure) in
      let span = unsafe buffer.span.bytes
      try write(span.extracting(SWTFormat.headerSize..<span.byteCount), at: SWTFormat.headerSize)
      try synchronize()
      try write(span.extracting(0..<SWTFormat.headerSize), at: 0)
    }
  }
}

extension SWTWriter {
  /// Writes a whole file, requesting the bytes of one tensor at a time.
  ///
  /// `provide` is called in data order for each tensor that is neither empty nor an alias, and passes its
  /// bytes to `sink` in pieces of any size.
  ///
  /// - Throws: ``SWTWriteError``, or whatever `provide` throws.
  /// - Returns: The content id and the size of the file.
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
