internal import SWTPlatform
internal import Synchronization

/// The temporary files of this process that do not have their final name yet.
///
/// - Warning: Takes a lock, so an interrupted program must call ``unlinkAll()`` from a thread that waits for
///   the signal (`sigwait`), not from a signal handler.
package enum LiveTemporaries {
  package typealias Ticket = Int

  private struct State {
    var next: Ticket = 0
    var paths: [Ticket: String] = [:]
    /// The process is about to end: no more files may be created.
    var isClosed = false
  }

  private static let state = Mutex(State())

  /// Creates a file and records it in one step, so that ``unlinkAll()`` cannot miss it.
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
      // The process is about to end.
      usleep(10_000)
    }
  }

  static func remove(_ ticket: Ticket) {
    state.withLock { _ = $0.paths.removeValue(forKey: ticket) }
  }

  /// Removes every temporary file.
  ///
  /// The process should then end at once: files still being written will fail to commit, and no new ones are
  /// created.
  package static func unlinkAll() {
    state.withLock { state in
      state.isClosed = true
      for path in state.paths.values { unsafe unlink(path) }
      state.paths = [:]
    }
  }
}
