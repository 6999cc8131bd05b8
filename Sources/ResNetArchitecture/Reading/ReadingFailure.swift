/// Why a file's tensors are not a known network, and what to do about it.
public struct ReadingFailure: Error, Equatable, Sendable {
  /// What does not fit, first cause first.
  public let message: String
  /// What to do about it, if anything can be done.
  public let hint: String?

  init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }
}
