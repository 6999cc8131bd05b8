internal import Synchronization

#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// The temporary files of this process that have no final name yet.
///
/// - Warning: It takes a lock, so an interrupted program must call ``unlinkAll()`` from a thread that waits for
///   the signal (`sigwait`), not from a signal handler.
package enum LiveTemporaries {
  package typealias Ticket = Int

  private struct State {
    var next: Ticket = 0
    var paths: [Ticket: String] = [:]
  }

  private static let state = Mutex(State())

  static func register(_ path: String) -> Ticket {
    state.withLock { state in
      state.next += 1
      state.paths[state.next] = path
      return state.next
    }
  }

  static func remove(_ ticket: Ticket) {
    state.withLock { _ = $0.paths.removeValue(forKey: ticket) }
  }

  /// Removes every temporary.
  ///
  /// The process should end at once: files still being written will fail to commit.
  package static func unlinkAll() {
    state.withLock { state in
      for path in state.paths.values { unsafe unlink(path) }
      state.paths = [:]
    }
  }
}
