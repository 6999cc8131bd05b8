package import SWTBytes

/// Why a golden is unusable.
package enum GoldenFailure: Error, Equatable, Sendable {
  /// The file is no safetensors file, or one of something else.
  case notAGolden(String)
  /// It is, or was, a golden, but its bytes cannot be read.
  case damaged(ParseFailure)
  /// It reads well, but its parts contradict each other: shapes, counts, names.
  case inconsistent(String)
  /// A version or a formula that this program does not know.
  case unsupported(String)
}

extension GoldenFailure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notAGolden(let what): "not a golden: \(what)"
    case .damaged(let failure): "a damaged golden: \(failure)"
    case .inconsistent(let what): "an inconsistent golden: \(what)"
    case .unsupported(let what): "an unsupported golden: \(what)"
    }
  }
}
