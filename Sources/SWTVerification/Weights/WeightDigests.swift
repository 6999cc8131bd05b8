internal import SWT
internal import SWTBytes
package import SWTChecksums

/// The digests of a network's tensors: what they are, and what a file says about their source.
package struct WeightDigests: Sendable {
  /// SHA-256 of each tensor's own values, row-major.
  let own: [ExactString: SHA256Digest]
  /// SHA-256 of the source's values, for tensors that were folded, cast or quantized, and for those that folding
  /// made useless: a claim of the file, or proven by its source.
  let claimed: [ExactString: SHA256Digest]
  /// Whether a comparison with the source has proven what is claimed.
  let isProven: Bool

  /// Digests of values that are in memory.
  package init(_ own: [String: SHA256Digest]) {
    self.own = Dictionary(own.map { (ExactString($0), $1) }, uniquingKeysWith: { first, _ in first })
    claimed = [:]
    isProven = false
  }

  /// The digests of a file's tensors; `proven` are those of its source's, if the file is what a conversion makes
  /// of it.
  init(_ file: SWTFile, _ stated: StatedTransforms, proven: [ExactString: SHA256Digest]? = nil) {
    isProven = proven != nil
    let sources =
      proven
      ?? Dictionary(
        file.sourceDigests.map { (ExactString($0.name), $0.sha256) }, uniquingKeysWith: { first, _ in first })
    var own: [ExactString: SHA256Digest] = [:]
    var claimed: [ExactString: SHA256Digest] = [:]
    for info in file.tensors where !info.name.hasPrefix(SWTFormat.goldenPrefix) {
      let name = ExactString(info.name)
      own[name] = RowMajorDigest.of(info, file)
      if stated.isTransformed(info, file) { claimed[name] = sources[name] }
    }
    for (name, digest) in sources where own[name] == nil && stated.mayBeMissing(name) {
      claimed[name] = digest
    }
    self.own = own
    self.claimed = claimed
  }

  /// The digests of the tensors that the values were made from, for a golden: their own where unchanged.
  var ofSource: [(name: String, digest: SHA256Digest)] {
    own.merging(claimed) { $1 }.map { ($0.key.text, $0.value) }.sorted {
      $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
    }
  }
}
