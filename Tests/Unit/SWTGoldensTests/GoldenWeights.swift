import SWTChecksums
import SWTTensors

/// The text whose SHA-256 is a golden's `weights_digest`.
enum GoldenWeights {
  /// One tensor of the state dict.
  struct Line: Sendable {
    let text: String

    /// `name dtype shape sha256`, the shape as `64x3x7x7`.
    init(name: String, type: ScalarType, shape: [Int], digest: SHA256Digest) {
      let size = shape.map(String.init).joined(separator: "x")
      text = "\(name) \(type.rawValue) \(size) \(digest.hex)\n"
    }
  }

  /// The lines in the order of their bytes: hash this.
  static func manifest(_ lines: [Line]) -> [UInt8] {
    lines.map { Array($0.text.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }.flatMap { $0 }
  }
}
