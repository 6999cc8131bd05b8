/// The result of comparing weights.
public struct WeightsReport: Sendable {
  /// What the tensors were compared with, such as `source model.pth` or `golden image-64`.
  public var against: String
  /// Whether the other side's tensors were folded, cast or quantized again, as the file states, before they were
  /// compared.
  public var isConvertedAgain = false
  /// Number of tensors whose values were compared.
  public var compared = 0
  /// Number of tensors that the file only claims to have made from those of the other side: their values were
  /// folded, cast or quantized, so they have other digests, and nothing here proves the claim.
  public var claimed = 0
  /// Tensors whose values or records differ.
  public var differing: [String] = []
  /// Tensors that only the other side has.
  public var missing: [String] = []
  /// Tensors that only the file has.
  public var extra: [String] = []
  /// Differences in records other than those of tensors, such as `metadata arch.bn_eps`.
  public var records: [String] = []
  /// What differs in each tensor, in words: `fc.weight: values, flag for derived values`.
  public var details: [String] = []
  /// Statements of the file about which the comparison proves nothing, such as its license.
  public var unproven: [String] = []

  /// Whether every tensor exists on both sides with the same values, and nothing else differs.
  public var passes: Bool { differing.isEmpty && missing.isEmpty && extra.isEmpty && records.isEmpty }

  init(against: String) { self.against = against }
}
