/// Why a file's tensors are not a known network, and what to do about it.
public struct ReadingFailure: Error, Equatable, Sendable {
  /// Whether the names are those of another network, or of none that is known.
  public let isUnknownNetwork: Bool
  /// What does not fit, first cause first; for an unknown network, what the names are instead.
  public let reason: String
  /// What to do about it, if anything.
  public let remedy: Remedy?

  /// ``reason`` as a complete sentence.
  public var message: String {
    isUnknownNetwork ? "not a known ResNet or ResNeXt: \(reason)" : reason
  }

  init(_ reason: String, _ remedy: Remedy? = nil) {
    isUnknownNetwork = false
    self.reason = reason
    self.remedy = remedy
  }

  /// The failure for a file whose names do not fit any key family.
  init(unknownNetwork reason: String) {
    isUnknownNetwork = true
    self.reason = reason
    remedy = .anyStateDict
  }
}
