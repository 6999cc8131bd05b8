internal import Synchronization

/// How far a conversion has come, for whoever wants to show it; any thread may ask.
public final class ConversionProgress: Sendable {
  private let known = Atomic(0)
  private let gone = Atomic(0)

  /// Progress of one conversion, which has not begun.
  public init() {}

  /// Bytes that are to be read and hashed, as far as they are known; it grows.
  public var total: Int { known.load(ordering: .relaxed) }

  /// Bytes that were; not above ``total`` but for moments.
  public var done: Int { gone.load(ordering: .relaxed) }

  /// Of the whole, 0...1; 0 while nothing is known.
  public var fraction: Double {
    let total = total
    return total > 0 ? min(Double(done) / Double(total), 1) : 0
  }

  func expect(_ bytes: Int) { known.wrappingAdd(bytes, ordering: .relaxed) }
  func advance(_ bytes: Int) { gone.wrappingAdd(bytes, ordering: .relaxed) }
}
