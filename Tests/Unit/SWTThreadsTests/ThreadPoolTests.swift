import SWTThreads
import Synchronization
import Testing

/// A sum that any thread adds to.
private final class Sum: Sendable {
  private let value = Atomic(0)
  var total: Int { value.load(ordering: .relaxed) }
  func add(_ number: Int) { value.wrappingAdd(number, ordering: .relaxed) }
}

/// The pool of threads that runs networks.
@Suite struct ThreadPoolTests {
  @Test(arguments: [-3, 0, 1, 2, 3, 8])
  func `every unit is run once, in region after region`(count: Int) {
    let pool = ThreadPool(count: count)
    #expect(pool.count == max(1, count))
    for units in [0, 1, 2, 3, 17, 1000] + [Int](repeating: 5, count: 300) {
      let done = Mutex([Int](repeating: 0, count: units))
      pool.forEach(units) { unit in done.withLock { $0[unit] += 1 } }
      let isOnce = done.withLock { $0.allSatisfy { $0 == 1 } }
      #expect(isOnce)
    }
  }

  @Test func `a pool may be called from several threads, one after the other`() async {
    let pool = ThreadPool(count: 3)
    let sum = Sum()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask { for _ in 0..<50 { pool.forEach(10) { sum.add($0) } } }
      }
    }
    #expect(sum.total == 8 * 50 * 45)
  }

  @Test func `results are seen after the call`() {
    let pool = ThreadPool(count: 4)
    for round in 1...200 {
      let results = Mutex([Int](repeating: 0, count: 64))
      pool.forEach(64) { unit in results.withLock { $0[unit] = unit * round } }
      let found = results.withLock { $0 }
      #expect(found == (0..<64).map { $0 * round })
    }
  }

  @Test func `pools come and go`() {
    for count in 1...50 { ThreadPool(count: count % 5 + 1).forEach(3) { _ in } }
    #expect(ThreadPool().count >= 1)
  }
}
