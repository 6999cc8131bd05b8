import SWTThreads
import Synchronization
import TestSupport
import Testing

/// Work on several threads: each piece once, the first error in order, and nobody waits for a thread that never came.
@Suite struct ParallelWorkTests {
  @Test(arguments: [0, 1, 2, 7, 1000], [-1, 0, 1, 2, 3, 16])
  func `every piece is done once, whatever the number of threads`(count: Int, threads: Int) throws {
    let done = Mutex([Int](repeating: 0, count: count))
    try ParallelWork.run(count: count, threads: threads) { piece in done.withLock { $0[piece] += 1 } }
    let isOnce = done.withLock { $0.allSatisfy { $0 == 1 } }
    #expect(isOnce)
  }

  /// What one thread alone would have met first: errors do not depend on who was faster.
  @Test(arguments: [1, 2, 5])
  func `of several errors the first in order is thrown`(threads: Int) {
    for round in 0..<20 {
      let failure = #expect(throws: TestFailure.self) {
        try ParallelWork.run(count: 200, threads: threads) { piece in
          if piece >= 40 + round { throw TestFailure("\(piece)") }
        }
      }
      #expect(failure?.description == "\(40 + round)")
    }
  }

  @Test func `nothing new begins after an error`() {
    let begun = Atomic(0)
    #expect(throws: TestFailure.self) {
      try ParallelWork.run(count: 1_000_000, threads: 2) { piece in
        begun.wrappingAdd(1, ordering: .relaxed)
        if piece == 10 { throw TestFailure("here") }
      }
    }
    let count = begun.load(ordering: .relaxed)
    #expect(count < 1_000_000)
  }

  @Test func `the first helper begins after what it waits for`() throws {
    let waited = Atomic(false)
    try ParallelWork.run(count: 8, threads: 2, firstHelperWaits: { waited.store(true, ordering: .releasing) })
    { _ in }
    let hasWaited = waited.load(ordering: .acquiring)
    #expect(hasWaited)
  }

  @Test func `a background result is there once it was waited for, as often as that is`() {
    let background = (0..<30).map { number in Background { number * number } }
    for (number, value) in background.enumerated() { #expect(value.wait() == number * number) }
    let calls = Atomic(0)
    let once = Background { calls.wrappingAdd(1, ordering: .relaxed).newValue }
    #expect(once.wait() == 1 && once.wait() == 1)
    let count = calls.load(ordering: .relaxed)
    #expect(count == 1)
  }
}
