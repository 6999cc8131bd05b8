#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// Runs work on a thread with 512 KiB of stack, the default of secondary threads on Apple platforms.
package enum SmallStack {
  package static func run(_ body: @escaping @Sendable () -> Void) throws {
    final class Box: Sendable {
      let body: @Sendable () -> Void
      init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    defer { unsafe pthread_attr_destroy(&attributes) }
    guard unsafe pthread_attr_setstacksize(&attributes, 512 << 10) == 0 else {
      throw TestFailure("no thread with a small stack")
    }
    let box = unsafe Unmanaged.passRetained(Box(body))
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    let code = unsafe pthread_create(
      &thread, &attributes,
      { argument in
        #if canImport(Darwin)
          unsafe Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
        #else
          guard let argument = unsafe argument else { return nil }
          unsafe Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
        #endif
        return nil
      }, box.toOpaque())
    guard code == 0 else { throw TestFailure("pthread_create failed") }
    #if canImport(Darwin)
      if let thread = unsafe thread { unsafe pthread_join(thread, nil) }
    #else
      pthread_join(thread, nil)
    #endif
  }
}
