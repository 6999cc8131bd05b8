package import SWTChecksums
package import SWTTensors

/// The text whose SHA-256 is a golden's `weights_digest`.
package enum GoldenWeights {
  /// A line for one tensor of the state dict.
  package struct Line: Sendable {
    let text: String

    /// `name dtype shape sha256`, with the shape as in `64x3x7x7`.
    package init(name: String, type: ScalarType, shape: [Int], digest: SHA256Digest) {
      let size = shape.map(String.init).joined(separator: "x")
      text = "\(name) \(type.rawValue) \(size) \(digest.hex)\n"
    }
  }

  /// The lines sorted by their bytes; their SHA-256 is the digest.
  package static func manifest(_ lines: [Line]) -> [UInt8] {
    lines.map { Array($0.text.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }.flatMap { $0 }
  }
}
