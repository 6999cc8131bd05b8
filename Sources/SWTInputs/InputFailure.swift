package import SWT
package import SWTBytes

/// Why a file could not be read: its path and the error.
package struct InputFailure: Error, Sendable {
  package enum Reason: Sendable {
    case parse(ParseFailure)
    /// It is a weight file, but not a valid one.
    case weights(SWTError)
  }

  package let path: String
  package let reason: Reason

  package init(_ path: String, _ failure: ParseFailure) {
    self.path = path
    reason = .parse(failure)
  }

  package init(_ path: String, _ error: SWTError) {
    self.path = path
    reason = error.cause.map { .parse($0) } ?? .weights(error)
  }

  /// Any error of reading the file.
  package init(_ path: String, any error: any Error) {
    switch error {
    case let failure as InputFailure: self = failure
    case let failure as ParseFailure: self.init(path, failure)
    case let error as SWTError: self.init(path, error)
    default: self.init(path, ParseFailure(.invalid("\(error)")))
    }
  }

  /// The same as a ``ParseFailure``.
  package var failure: ParseFailure {
    switch reason {
    case .parse(let failure): failure
    case .weights(let error):
      ParseFailure(
        .invalid("not a valid .swt file: \(error.detail)"), at: error.offset,
        hint: "the file is damaged or was changed: convert it again")
    }
  }
}
