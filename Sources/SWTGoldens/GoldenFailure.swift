package import SWTBytes

/// Why a golden cannot be used.
package enum GoldenFailure: Error, Equatable, Sendable {
  /// The file is not a safetensors file, or contains something else.
  case notAGolden(String)
  /// It is or was a golden, but its bytes cannot be read.
  case damaged(ParseFailure)
  /// It can be read, but its parts contradict each other: shapes, counts, names.
  case inconsistent(String)
  /// A version or formula unknown to this program.
  case unsupported(String)
}

extension GoldenFailure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notAGolden(let what): "not a golden: \(what)"
    case .damaged(let failure): "damaged golden: \(failure)"
    case .inconsistent(let what): "inconsistent golden: \(what)"
    case .unsupported(let what): "unsupported golden: \(what)"
    }
  }
}
