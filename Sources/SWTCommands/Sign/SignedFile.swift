internal import ResNetModel
internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTConsole
internal import SWTDigests

/// What signing and verifying share: reading the weight file, the key and the signature.
enum SignedFile {
  /// The default path of a file's signature.
  static func sidecar(of path: String) -> String { path + ".sig" }

  /// The content id of a file that passes every check, so that it covers all of its bytes.
  static func contentID(_ path: String) throws(CommandFailure) -> SHA256Digest {
    try OpenFile.watching([path]) { () throws(CommandFailure) in try provenID(path) }
  }

  private static func provenID(_ path: String) throws(CommandFailure) -> SHA256Digest {
    let file = try OpenFile.weights(path)
    do throws(SWTError) {
      try file.verify(using: SystemDigests())
    } catch {
      throw CommandFailure(reading: path, error)
    }
    // If the file shrank, zeros were read instead.
    guard !Signals.fileShrank, let id = file.contentID(using: SystemDigests()) else {
      throw CommandFailure(.inputUnreadable, file: path, "it became shorter while it was read")
    }
    return id
  }

  static func key(_ path: String) throws(CommandFailure) -> Ed25519KeyFile {
    do throws(ParseFailure) {
      // Secret stores pass keys through pipes: `--key <(vault read …)`.
      if case .other? = Folder.kind(path) {
        return try Ed25519KeyFile(try SmallStream.bytes(path, limit: Ed25519KeyFile.maximumSize))
      }
      return try Ed25519KeyFile(try read(path, limit: Ed25519KeyFile.maximumSize))
    } catch {
      throw CommandFailure(reading: path, error)
    }
  }

  static func signature(_ path: String) throws(CommandFailure) -> ContentSignature {
    do throws(ParseFailure) {
      return try ContentSignature(file: try read(path, limit: ContentSignature.fileSize))
    } catch {
      throw CommandFailure(reading: path, error)
    }
  }

  /// Reads at most one byte beyond the limit, which the parser then rejects.
  private static func read(_ path: String, limit: Int) throws(ParseFailure) -> [UInt8] {
    let source = try FileSource(path: path)
    return try source.bytes(at: 0, count: min(source.byteCount, limit + 1))
  }
}
