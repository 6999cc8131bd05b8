internal import CThreads

/// A fixed set of threads that wake within microseconds: the one place that decides about threads.
///
/// Work is handed out in units; which thread runs which unit never changes a result.
@safe
public final class ThreadPool: @unchecked Sendable {
  private let handle: OpaquePointer

  /// A pool of `count` threads, the caller's included; the default is one for each available processor.
  public init(count: Int? = nil) {
    let wanted = count.map { Int32(clamping: max(1, $0)) } ?? p2s_threads_available()
    guard let handle = unsafe p2s_threads_create(wanted) else { preconditionFailure("out of memory") }
    unsafe self.handle = handle
  }

  deinit { unsafe p2s_threads_destroy(handle) }

  /// Threads that take part, the caller's included.
  public var count: Int { Int(unsafe p2s_threads_count(handle)) }

  /// Calls `body` once for each index, on all threads, and returns when all calls have returned.
  ///
  /// `body` must not call this again on the same pool. Costs one small allocation; a forward pass uses
  /// ``run(_:_:_:)`` instead.
  package func forEach(_ units: Int, _ body: @Sendable (Int) -> Void) {
    withoutActuallyEscaping(body) { body in
      // The pointee outlives the call, and the C side touches it only within the call.
      var unit = UnitBody(body: body)
      unsafe run(Int32(units), &unit) { context, index in
        guard let context = unsafe context else { return }
        unsafe context.assumingMemoryBound(to: UnitBody.self).pointee.body(Int(index))
      }
    }
  }

  /// Calls `body(context, u)` once for each unit `u`, on all threads, without allocating anything.
  ///
  /// Unsafe: `body` gets `context` as a raw pointer, on several threads at once, and must only read it. It must
  /// not call this again on the same pool.
  @unsafe
  func run<Context>(
    _ units: Int32, _ context: inout Context,
    _ body: @convention(c) (UnsafeMutableRawPointer?, Int32) -> Void
  ) {
    unsafe withUnsafeMutablePointer(to: &context) { context in
      unsafe p2s_threads_run(handle, units, context, body)
    }
  }
}

/// A closure at its own type; a pointer to a bare closure would make the compiler wrap it first.
private struct UnitBody {
  let body: @Sendable (Int) -> Void
}
