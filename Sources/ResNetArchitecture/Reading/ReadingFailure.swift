/// Why a file's tensors are not a known network, and what to do about it.
public struct ReadingFailure: Error, Equatable, Sendable {
  /// What does not fit, first cause first.
  public let message: String
  /// What to do about it, where there is something.
  public let remedy: Remedy?

  init(_ message: String, _ remedy: Remedy? = nil) {
    self.message = message
    self.remedy = remedy
  }
}
