internal import ResNetEngine

/// The time that a search for a cause may take.
package struct SearchBudget: Sendable {
  private let end: ContinuousClock.Instant?

  /// From now on; nil for any time.
  package init(seconds: Double? = nil) {
    end = seconds.map { ContinuousClock.now + .seconds($0) }
  }

  /// Whether the time is over.
  package var isOver: Bool { end.map { ContinuousClock.now >= $0 } ?? false }

  /// What a float64 run asks between two layers; nil if there is any time.
  var interruption: (@Sendable () -> Bool)? {
    guard let end else { return nil }
    return { ContinuousClock.now >= end }
  }

  /// Ends a search that is not a run of an engine.
  ///
  /// - Throws: `InferenceError.interrupted` if the time is over.
  func check() throws {
    if isOver { throw InferenceError.interrupted }
  }
}
