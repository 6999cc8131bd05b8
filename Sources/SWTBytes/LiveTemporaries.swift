internal import SWTPlatform
internal import Synchronization

/// The temporary files of this process that have no final name yet.
///
/// - Warning: It takes a lock, so an interrupted program must call ``unlinkAll()`` from a thread that waits for
///   the signal (`sigwait`), not from a signal handler.
package enum LiveTemporaries {
  package typealias Ticket = Int

  private struct State {
    var next: Ticket = 0
    var paths: [Ticket: String] = [:]
    /// The process is about to end: nothing may be made any more.
    var isClosed = false
  }

  private static let state = Mutex(State())

  /// Makes a file and remembers it, both before anybody can ask for ``unlinkAll()``.
  static func register(_ path: String, _ make: () -> CInt) -> (ticket: Ticket, descriptor: CInt) {
    while true {
      let made: (Ticket, CInt)? = state.withLock { state in
        guard !state.isClosed else { return nil }
        state.next += 1
        let descriptor = make()
        if descriptor >= 0 { state.paths[state.next] = path }
        return (state.next, descriptor)
      }
      if let made { return made }
      // The process ends in a moment.
      usleep(10_000)
    }
  }

  static func remove(_ ticket: Ticket) {
    state.withLock { _ = $0.paths.removeValue(forKey: ticket) }
  }

  /// Removes every temporary.
  ///
  /// The process should end at once: files still being written will fail to commit, and no new ones are made.
  package static func unlinkAll() {
    state.withLock { state in
      state.isClosed = true
      for path in state.paths.values { unsafe unlink(path) }
      state.paths = [:]
    }
  }
}
