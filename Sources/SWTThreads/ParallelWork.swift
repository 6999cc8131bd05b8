internal import Synchronization

/// Independent pieces of work on several threads.
package enum ParallelWork {
  /// Calls `body` for the pieces `0 ..< count`, started in that order, on the caller's thread and up to
  /// `threads - 1` more.
  ///
  /// After an error no further piece is started. All earlier pieces were started, so the error thrown is the
  /// one that a single thread would have met first.
  ///
  /// - Parameters:
  ///   - count: Number of pieces.
  ///   - threads: Maximum number of threads, including the caller's.
  ///   - firstHelperWaits: Runs on the first of the other threads before it starts to work.
  ///   - body: Does the piece with that index.
  /// - Throws: What `body` throws.
  package static func run(
    count: Int, threads: Int, firstHelperWaits: @escaping @Sendable () -> Void = {},
    _ body: @escaping @Sendable (Int) throws -> Void
  ) throws {
    let queue = Queue(count: count, body)
    let helpers = (1..<max(1, min(threads, count + 1))).map { number in
      Background {
        if number == 1 { firstHelperWaits() }
        queue.work()
      }
    }
    queue.work()
    for helper in helpers { helper.wait() }
    if let error = queue.firstError { throw error }
  }

  private final class Queue: Sendable {
    private let count: Int
    private let body: @Sendable (Int) throws -> Void
    private let next = Atomic(0)
    private let failed = Atomic(false)
    private let failure = Mutex<(piece: Int, error: any Error)?>(nil)

    init(count: Int, _ body: @escaping @Sendable (Int) throws -> Void) {
      self.count = count
      self.body = body
    }

    var firstError: (any Error)? { failure.withLock { $0?.error } }

    func work() {
      while !failed.load(ordering: .acquiring) {
        let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard piece < count else { return }
        do {
          try body(piece)
        } catch {
          failure.withLock { first in
            guard let current = first, current.piece < piece else {
              first = (piece, error)
              return
            }
          }
          failed.store(true, ordering: .releasing)
        }
      }
    }
  }
}
