/// Why a file's tensors are no network that this package knows, and what to do about it.
public struct ReadingFailure: Error, Equatable, Sendable {
  /// What does not fit, the first cause first.
  public let message: String
  /// What to do about it, where there is something.
  public let hint: String?

  init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }
}
