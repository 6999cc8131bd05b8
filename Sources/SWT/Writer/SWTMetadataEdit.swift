public import SWTBytes
public import SWTChecksums

/// Why metadata could not be changed.
public enum SWTEditError: Error, Equatable, Sendable {
  /// The file cannot be read, or breaks a rule.
  case input(SWTError)
  /// The file is valid, but holds something that a new index would not keep.
  case foreign(String)
  /// The new metadata break a rule or a limit.
  case contents(SWTError)
  /// The new file cannot be written, or exists.
  case output(WriteFailure)
}

/// A `.swt` file whose metadata change while everything else stays.
///
/// The result is, byte for byte, what ``SWTWriter`` would have made of the same contents. The data region is copied
/// as it is, not decoded; only its place moves when the index region grows or shrinks by a page.
public struct SWTMetadataEdit: Sendable {
  /// The file as it is now.
  public let file: SWTFile
  /// What the new file will say about itself.
  public var metadata: [String: SWTValue]

  private let contents: SWTContents
  private let placement: Placement
  private let checksums: [UInt32]
  private let digests: [SHA256Digest]
  /// Where the data are copied from.
  private let source: FileSource

  /// Opens a file and makes sure that it can be written again without loss.
  ///
  /// Its index is encoded from what was read of it, before anything is changed: when the bytes are the same,
  /// nothing in it is lost on the way. A file of a newer version, with sections that this library does not
  /// know, or laid out in another order than FORMAT.md gives to writers, is not changed.
  ///
  /// - Throws: ``SWTEditError`` `.input` or `.foreign`.
  public init(path: String) throws(SWTEditError) {
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
      throw .foreign("it is of format version 1.\(file.versionMinor), this program knows 1.0 only")
    }
    for section in file.sections where SectionKind(rawValue: section.kind) == nil {
      throw .foreign("it has a section \(section.kind), which this program does not know")
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
      throw .foreign("it is not laid out as this program lays files out, and parts of it might be lost")
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
    // Only tensors that share their bytes keep a digest, since the writer makes all equal ones that have it share.
    let shared = Set(file.tensors.flatMap { info in info.aliasOf.map { [info.index, $0] } ?? [] })
    for index in contents.tensors.indices where !shared.contains(index) {
      contents.tensors[index].sha256 = nil
    }
    return contents
  }

  /// Writes the file with the new ``metadata``; it may replace the one that is open.
  ///
  /// The CRC32C of every tensor is checked in the new file before that gets its name, so that neither damage of
  /// the old one nor a file that changed meanwhile is passed on.
  ///
  /// - Throws: ``SWTEditError``; what was at `path` before is then still there.
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

  fileprivate func hasIndex(_ bytes: [UInt8]) -> Bool {
    indexBytes.bytes(0..<indexBytes.count).elementsEqual(bytes)
  }
}
