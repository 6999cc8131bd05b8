internal import Synchronization

/// The progress of a conversion, readable from any thread.
public final class ConversionProgress: Sendable {
  private let known = Atomic(0)
  private let gone = Atomic(0)
  private let candidates = Atomic(0)

  /// The progress of a conversion that has not started.
  public init() {}

  /// Bytes to read and hash, as far as known; grows.
  public var total: Int { known.load(ordering: .relaxed) }

  /// Bytes read and hashed; at most ``total``, except for moments.
  public var done: Int { gone.load(ordering: .relaxed) }

  /// The completed part, 0...1; 0 if nothing is known yet.
  public var fraction: Double {
    let total = total
    return total > 0 ? min(Double(done) / Double(total), 1) : 0
  }

  /// Conventions that were tried so far, while a golden settles what the input leaves open.
  public var tried: Int { candidates.load(ordering: .relaxed) }

  func tryCandidate() { candidates.wrappingAdd(1, ordering: .relaxed) }
  func expect(_ bytes: Int) { known.wrappingAdd(bytes, ordering: .relaxed) }
  func advance(_ bytes: Int) { gone.wrappingAdd(bytes, ordering: .relaxed) }
}
