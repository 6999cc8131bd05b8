public import SWTBytes
public import SWTChecksums

/// Why metadata could not be changed.
public enum SWTEditError: Error, Equatable, Sendable {
  /// The file cannot be read or violates a rule.
  case input(SWTError)
  /// The file is valid, but has something that a new index would lose.
  case foreign(String)
  /// The new metadata violates a rule or a limit.
  case contents(SWTError)
  /// The new file cannot be written, or already exists.
  case output(WriteFailure)
}

/// A change of a `.swt` file's metadata that leaves everything else as it is.
///
/// The result is byte for byte what ``SWTWriter`` would write for the same contents. The data region is
/// copied without decoding; only its offset changes, if the index region grows or shrinks by a page.
public struct SWTMetadataEdit: Sendable {
  /// The file as it is now.
  public let file: SWTFile
  /// The metadata of the new file.
  public var metadata: [String: SWTValue]

  private let contents: SWTContents
  private let placement: Placement
  private let checksums: [UInt32]
  private let digests: [SHA256Digest]
  /// The file that the data region is copied from.
  private let source: FileSource
  private let watched: WatchedFiles

  /// Opens a file and ensures that it can be rewritten without loss.
  ///
  /// Before any change, its index is encoded again from what was read: if the bytes are identical, nothing is
  /// lost. A file of a newer version, with sections unknown to this library, or with another layout than
  /// FORMAT.md specifies for writers, is refused.
  ///
  /// - Throws: ``SWTEditError`` `.input` or `.foreign`.
  public init(path: String) throws(SWTEditError) {
    watched = WatchedFiles([path])
    do throws(ParseFailure) {
      source = try FileSource(path: path)
    } catch {
      throw .input(SWTError(.unreadable, "\(error.reason)", cause: error))
    }
    do throws(SWTError) {
      file = try SWTFile(path: path)
    } catch {
      throw .input(error)
    }
    guard file.versionMinor <= Int(SWTFormat.versionMinor) else {
      throw .foreign("it has format version 1.\(file.versionMinor); this program supports only 1.0")
    }
    for section in file.sections where SectionKind(rawValue: section.kind) == nil {
      throw .foreign("it has a section \(section.kind), unknown to this program")
    }
    guard let digests = file.allDigests else {
      throw .foreign("it has no digests of its tensors")
    }
    self.digests = digests
    contents = try Self.contents(of: file)
    metadata = contents.metadata
    let infos = file.tensors
    checksums = infos.map(\.crc32c)
    guard let placement = try? Placement(contents),
      let index = try? IndexEncoder(contents, placement).encode(crcs: checksums, digests: digests),
      file.hasIndex(index)
    else {
      throw .foreign("its layout is not the one that this program writes, so parts of it might be lost")
    }
    self.placement = placement
  }

  private static func contents(of file: SWTFile) throws(SWTEditError) -> SWTContents {
    var contents: SWTContents
    do throws(SWTError) {
      contents = try SWTContents(of: file)
    } catch {
      throw .foreign(error.detail)
    }
    // Only tensors that share bytes keep a digest, because the writer lets all equal tensors with a digest
    // share.
    let shared = Set(file.tensors.flatMap { info in info.aliasOf.map { [info.index, $0] } ?? [] })
    for index in contents.tensors.indices where !shared.contains(index) {
      contents.tensors[index].sha256 = nil
    }
    return contents
  }

  /// Writes the file with the new ``metadata``; it may replace the file that is open.
  ///
  /// The CRC32C of every tensor is checked in the new file before it gets its name, so that neither damage in
  /// the old file nor a concurrent change is passed on.
  ///
  /// - Throws: ``SWTEditError``; an existing file at `path` is then unchanged.
  public func write(
    to path: String, digests provider: any DigestProvider, replaceExisting: Bool = true
  ) throws(SWTEditError) -> SWTWriteResult {
    var contents = contents
    contents.metadata = metadata
    let index: [UInt8]
    do throws(SWTError) {
      index = try IndexEncoder(contents, placement).encode(crcs: checksums, digests: digests)
    } catch {
      throw .contents(error)
    }
    let output: AtomicFile
    do throws(WriteFailure) {
      output = try AtomicFile(path: path, replaceExisting: replaceExisting)
    } catch {
      throw .output(error)
    }
    do throws(CopyFailure) {
      try output.copy(source, file.dataOffset..<file.byteCount, to: index.count)
    } catch {
      switch error {
      case .source(let failure):
        throw .input(SWTError(.unreadable, "\(failure.reason)", cause: failure))
      case .destination(let failure): throw .output(failure)
      }
    }
    do throws(WriteFailure) {
      try output.writeIndex(index)
    } catch {
      throw .output(error)
    }
    let written: SWTFile
    do throws(SWTError) {
      written = try SWTFile(path: output.temporary)
    } catch {
      throw .contents(error)
    }
    do throws(SWTError) {
      try written.verifyData()
    } catch {
      throw .input(error)
    }
    do throws(ParseFailure) {
      try watched.requireUnchanged()
    } catch {
      throw .input(SWTError(.unreadable, "\(error.reason)", cause: error))
    }
    do throws(WriteFailure) {
      try output.commit()
    } catch {
      throw .output(error)
    }
    return SWTWriteResult(
      contentID: provider.sha256(index), byteCount: written.byteCount,
      aliasCount: placement.aliasOf.count { $0 != nil })
  }
}

extension SWTFile {
  /// The digest of every tensor; nil without section DGST.
  fileprivate var allDigests: [SHA256Digest]? {
    guard directory[.digests] != nil else { return nil }
    return (0..<tensorCount).compactMap { digest($0) }
  }

  /// Whether these are all bytes before the data.
  func hasIndex(_ bytes: [UInt8]) -> Bool {
    indexBytes.bytes(0..<indexBytes.count).elementsEqual(bytes)
  }
}
