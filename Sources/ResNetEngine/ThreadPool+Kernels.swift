internal import SWTThreads

extension ThreadPool {
  /// Calls a kernel once for each unit, on all threads, with a context of its own type.
  ///
  /// Unsafe as ``run(_:_:_:)`` is.
  @unsafe
  func run<Context>(
    _ units: Int32, _ context: inout Context,
    _ body: @convention(c) (UnsafeMutableRawPointer?, Int32) -> Void
  ) {
    unsafe withUnsafeMutablePointer(to: &context) { context in unsafe run(units, context, body) }
  }
}
