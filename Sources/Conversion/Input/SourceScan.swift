internal import PthReader
internal import SWTBytes
internal import SWTChecksums
internal import SWTDigests

/// The first pass over a source: the digest of the file and of every tensor, and every checksum it states.
enum SourceScan {
  struct Result {
    var file: SHA256Digest
    /// In the order of the entries.
    var tensors: [SHA256Digest]
  }

  static func run(
    _ path: String, _ entries: [TensorEntry], limits: ParseLimits, fileBytes: Int
  ) throws -> Result {
    var budget = ValueBudget(limits, fileBytes: fileBytes)
    for entry in entries {
      if let excess = budget.refuse(entry) { throw excess }
    }
    // The file's digest does not depend on the tensors': it has a thread of its own.
    let fileDigest = Background { digest(path) }
    var checked: Set<ObjectIdentifier> = []
    var tensors: [SHA256Digest] = []
    for entry in entries {
      if checked.insert(ObjectIdentifier(entry.storage)).inserted { try entry.storage.requireChecksum() }
      let digest = SystemDigests().makeSHA256()
      try entry.forEachWindow(limits: limits) { (window: [UInt8]) throws(Never) in digest.update(window) }
      tensors.append(digest.finalize())
    }
    return Result(file: try fileDigest.wait().get(), tensors: tensors)
  }

  /// SHA-256 of a whole file.
  static func digest(_ path: String) -> Swift.Result<SHA256Digest, ParseFailure> {
    do throws(ParseFailure) {
      let source = try FileSource(path: path)
      let digest = SystemDigests().makeSHA256()
      try source.forEachPiece(of: 1 << 20) { window in digest.update(window) }
      return .success(digest.finalize())
    } catch {
      return .failure(error)
    }
  }
}
