internal import PthReader
internal import SWT
internal import SWTBytes
internal import SWTChecksums
internal import SWTTensors

/// The results of a pass over the values.
struct PassFindings: Sendable {
  struct Tensor: Sendable {
    /// Of the stored bytes.
    var digest = SHA256Digest.zero
    /// Of the source's values, if they differ from the stored ones and the digest was requested.
    var sourceDigest: SHA256Digest?
    /// The results of a transform.
    var outcome: WeightTransform.Outcome?
    /// The bytes of the scales that belong to it, and their digest.
    var scales: (bytes: [UInt8], digest: SHA256Digest)?
  }

  /// By index in the draft.
  var tensors: [Int: Tensor] = [:]
  var sources: [Int: SHA256Digest] = [:]
}

extension Draft {
  /// Fills in the results of a pass.
  mutating func take(_ findings: PassFindings) {
    for (index, digest) in findings.sources { contents.sources[index].sha256 = digest }
    for (index, finding) in findings.tensors {
      contents.tensors[index].sha256 = finding.digest
      if let source = source(of: index) {
        contents.sources[source].sha256 = finding.sourceDigest ?? finding.digest
      }
      if let outcome = finding.outcome, case .transform(let transform) = values[index] {
        contents.receipts[index] = outcome.error.receipt(
          from: SWTDType(transform.entry.scalarType), transform.operations)
      }
      if let scales = finding.scales {
        contents.tensors[index + 1].sha256 = scales.digest
        values[index + 1] = .bytes(scales.bytes)
      }
    }
  }
}
