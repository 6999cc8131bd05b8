package import SWTTensorFiles

extension CommandFailure {
  /// The error as JSON, for programs; it goes to standard error.
  package var json: JSONValue {
    [
      "schema": "pth2swt.error/1", "code": .int(status.rawValue), "file": file.map { .string($0) } ?? .null,
      "offset": offset.map { .int($0) } ?? .null, "message": .string(message),
      "hint": hint.map { .string($0) } ?? .null,
    ]
  }
}
