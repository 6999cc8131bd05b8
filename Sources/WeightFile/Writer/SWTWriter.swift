public import SWTBytes
public import SWTChecksums

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
public final class SWTWriter {
  private let encoder: IndexEncoder
  private let placement: Placement
  private let contents: SWTContents
  private let digests: any DigestProvider
  private let output: AtomicFile
  private var crcs: [UInt32]
  private var hashes: [SHA256Digest]
  private var current = 0
  private var written = 0
  private var crc = CRC32C()
  private var hash: any RunningDigest

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
    } catch {
      throw .file(error)
    }
    self.contents = contents
    self.digests = digests
    crcs = Array(repeating: 0, count: contents.tensors.count)
    hashes = Array(repeating: .zero, count: contents.tensors.count)
    hash = digests.makeSHA256()
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
    try advance(to: index)
    precondition(
      index == current && bytes.byteCount <= byteCount(index) - written, "too many bytes for a tensor")
    do throws(WriteFailure) {
      try output.write(bytes, at: encoder.dataOffset + placement.offsets[index] + written)
    } catch {
      throw .file(error)
    }
    crc.update(bytes)
    hash.update(bytes)
    written += bytes.byteCount
  }

  /// Writes the index, makes the file durable and gives it its name.
  ///
  /// - Throws: ``SWTWriteError``; the old file, if any, is then still there.
  public func finish() throws(SWTWriteError) -> SWTWriteResult {
    try advance(to: contents.tensors.count)
    for (index, target) in placement.aliasOf.enumerated() {
      guard let target else { continue }
      crcs[index] = crcs[target]
      hashes[index] = hashes[target]
    }
    let index: [UInt8]
    do throws(SWTError) {
      index = try encoder.encode(crcs: crcs, digests: hashes)
    } catch {
      throw .contents(error)
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

  /// Closes the tensors before `index`, which must have all their bytes.
  private func advance(to index: Int) throws(SWTWriteError) {
    while current < index {
      precondition(written == byteCount(current), "a tensor was left before it was complete")
      if placement.aliasOf[current] == nil {
        crcs[current] = crc.value
        hashes[current] = hash.finalize()
        if let expected = contents.tensors[current].sha256, expected != hashes[current] {
          let text = "tensor \(contents.tensors[current].name): its bytes changed since they were hashed"
          throw .contents(SWTError(.dataDigest, text))
        }
        crc = CRC32C()
        hash = digests.makeSHA256()
      }
      written = 0
      current += 1
    }
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
