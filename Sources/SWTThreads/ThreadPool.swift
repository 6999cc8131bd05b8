internal import CThreads

/// A fixed set of threads that wake within microseconds.
///
/// Work is distributed in units; which thread runs which unit never changes a result.
@safe
public final class ThreadPool: @unchecked Sendable {
  /// Nil if there was no memory for a pool: the caller then does all the work.
  private let handle: OpaquePointer?

  /// Creates a pool of `count` threads, including the caller's; by default one per available processor.
  public init(count: Int? = nil) {
    let wanted = count.map { Int32(clamping: max(1, $0)) } ?? p2s_threads_available()
    unsafe handle = p2s_threads_create(wanted)
  }

  deinit { if let handle = unsafe handle { unsafe p2s_threads_destroy(handle) } }

  /// Number of threads, including the caller's.
  public var count: Int { unsafe handle.map { Int(unsafe p2s_threads_count($0)) } ?? 1 }

  /// Calls `body` once per index, on all threads, and returns when all calls have returned.
  ///
  /// `body` must not call this again on the same pool. Makes one small allocation; a forward pass uses
  /// ``run(_:_:_:)`` instead.
  package func forEach(_ units: Int, _ body: @Sendable (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      // The pointee outlives the call, and C accesses it only during the call.
      var unit = UnitBody(body: body)
      unsafe withUnsafeMutablePointer(to: &unit) { unit in
        unsafe run(Int32(units), unit) { context, index in
          guard let context = unsafe context else { return }
          unsafe context.assumingMemoryBound(to: UnitBody.self).pointee.body(Int(index))
        }
      }
    }
  }

  /// Calls `body(context, u)` once per unit `u`, on all threads, without allocating.
  ///
  /// Unsafe: `body` gets `context` on several threads at once and must only read it. It must not call this
  /// again on the same pool.
  @unsafe
  package func run(
    _ units: Int32, _ context: UnsafeMutableRawPointer?,
    _ body: @convention(c) (UnsafeMutableRawPointer?, Int32) -> Void
  ) {
    if let handle = unsafe handle { return unsafe p2s_threads_run(handle, units, context, body) }
    for unit in 0..<max(0, units) { unsafe body(context, unit) }
  }

  /// Number of processors that this process may use, given its affinity and control group.
  package static var available: Int { Int(p2s_threads_available()) }
}

/// A closure of known type; a pointer to a bare closure would make the compiler wrap it first.
private struct UnitBody {
  let body: @Sendable (Int) -> Void
}
