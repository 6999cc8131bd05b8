/// Why a file's tensors are no network that this package knows, and what to do about it.
public struct ReadingFailure: Error, Equatable, Sendable {
  public let message: String
  public let hint: String?

  init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }
}
