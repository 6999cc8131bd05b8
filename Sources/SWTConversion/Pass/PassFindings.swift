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

  /// Of the stored bytes, by index in the draft; nil if the tensor was not read.
  private(set) var digests: [SHA256Digest?]
  private(set) var isAnyTensorRead = false
  /// What there is besides, by index in the draft.
  private(set) var others: [Int: Tensor] = [:]
  var sources: [Int: SHA256Digest] = [:]

  /// Nothing about a number of tensors.
  init(tensorCount: Int) { digests = Array(repeating: nil, count: tensorCount) }

  mutating func add(_ finding: Tensor, at index: Int) {
    digests[index] = finding.digest
    isAnyTensorRead = true
    if finding.sourceDigest != nil || finding.outcome != nil || finding.scales != nil {
      others[index] = finding
    }
  }
}

extension Draft {
  /// Fills in the results of a pass.
  ///
  /// - Parameters:
  ///   - findings: The results.
  ///   - areWritten: Whether a writer, which shares the tensors, has the digests of what it wrote: they are then
  ///     not recorded here, which would copy all tensors.
  mutating func take(_ findings: PassFindings, areWritten: Bool = false) {
    for (index, digest) in findings.sources { contents.sources[index].sha256 = digest }
    guard findings.isAnyTensorRead else { return }
    if !areWritten { takeDigests(findings) }
    for (index, digest) in findings.digests.enumerated() {
      if let digest, let source = source(of: index) { contents.sources[source].sha256 = digest }
    }
    if !findings.others.isEmpty { takeOthers(findings.others) }
  }

  // Functions of their own, because a loop that may change an array makes it unique before its first step.

  private mutating func takeDigests(_ findings: PassFindings) {
    for (index, digest) in findings.digests.enumerated() {
      if let digest { contents.tensors[index].sha256 = digest }
    }
    for (index, finding) in findings.others {
      if let scales = finding.scales { contents.tensors[index + 1].sha256 = scales.digest }
    }
  }

  private mutating func takeOthers(_ findings: [Int: PassFindings.Tensor]) {
    for (index, finding) in findings {
      if let source = source(of: index), let digest = finding.sourceDigest {
        contents.sources[source].sha256 = digest
      }
      if let outcome = finding.outcome, case .transform(let transform) = values[index] {
        contents.receipts[index] = outcome.error.receipt(
          from: SWTDType(transform.entry.scalarType), transform.operations)
      }
      if let scales = finding.scales { values[index + 1] = .bytes(scales.bytes) }
    }
  }
}
