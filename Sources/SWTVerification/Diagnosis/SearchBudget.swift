/// The time that a search for a cause may take.
package struct SearchBudget: Sendable {
  private let end: ContinuousClock.Instant?

  /// From now on; nil for any time.
  package init(seconds: Double? = nil) {
    end = seconds.map { ContinuousClock.now + .seconds($0) }
  }

  /// Whether the time is over.
  package var isOver: Bool { end.map { ContinuousClock.now >= $0 } ?? false }
}
