internal import SWT
package import SWTBytes
package import SWTChecksums

/// A weight file compared with a new conversion of its source, which is read once.
package struct SourceComparison: Sendable {
  /// Number of tensors compared.
  package let compared: Int
  /// Names of tensors that differ.
  package let differing: [String]
  /// Names of tensors that a conversion makes and the file lacks.
  package let missing: [String]
  /// Names of tensors that the file has and a conversion does not make.
  package let extra: [String]
  /// Everything that differs, in words: `fc.weight: values, flag for derived values`, `metadata arch.bn_eps`.
  package let details: [String]
  /// Differences in records other than those of tensors.
  package let records: [String]
  /// Metadata about which the source proves nothing, among them conventions that the user gave.
  package let claims: [String]
  /// The digest of each tensor of the network in the source, by torchvision's name.
  package let sources: [ExactString: SHA256Digest]

  init(_ planned: PlannedFile, with file: SWTFile) throws(SWTError) {
    let contents = try ContentsComparison(planned.contents, with: file)
    let metadata = MetadataComparison(planned.contents.metadata, with: file)
    compared = contents.compared
    differing = contents.differing.map(\.name)
    missing = contents.missing
    extra = contents.extra
    records = contents.records + metadata.differing.map { "metadata \($0)" }
    details = contents.differing.map { "\($0.name): \($0.aspects.joined(separator: ", "))" } + records
    claims = planned.claims + metadata.claims
    sources = Dictionary(
      planned.contents.sources.map { (ExactString($0.name), $0.sha256) },
      uniquingKeysWith: { first, _ in first })
  }

  /// Whether nothing differs.
  package var isEqual: Bool { differing.isEmpty && missing.isEmpty && extra.isEmpty && records.isEmpty }
}
