package import ResNetArchitecture
package import ResNetEngine
package import SWTChecksums
package import SWTGoldens

/// A checkpoint's network, of which no conventions that were tried pass the goldens.
public struct UnsettledNetwork: Sendable {
  /// Conventions, and the goldens that it should pass with them.
  package struct Candidate: Sendable {
    package let tree: LayerTree
    package let goldens: [Golden]
  }

  /// The usual conventions, and those that come nearest.
  package let candidates: [Candidate]
  /// Its weights, by canonical name.
  package let weights: WeightTable
  /// SHA-256 of its tensors; empty if no golden records any.
  package let digests: [String: SHA256Digest]
  /// Number of threads that may be used.
  package let threads: Int
}
