internal import SWTPlatform
internal import Synchronization

/// Work on a thread of its own, concurrent with the caller.
///
/// If no thread can be created, the work is done at once, with the same result.
package final class Background<Value: Sendable>: Sendable {
  private let work: @Sendable () -> Value
  private let result = Mutex<Value?>(nil)
  private let thread = Mutex<UInt?>(nil)

  /// Starts `work`.
  package init(_ work: @escaping @Sendable () -> Value) {
    self.work = work
    let job = Job { [self] in
      let value = work()
      result.withLock { $0 = value }
    }
    guard let started = job.start() else {
      job.run()
      return
    }
    thread.withLock { $0 = started }
  }

  /// Waits for the result; may be called repeatedly.
  package func wait() -> Value {
    if let started = thread.withLock({ $0.take() }) { Job.join(started) }
    return result.withLock { $0 } ?? work()
  }
}

/// A thread's closure: a C function pointer cannot capture a generic type.
private final class Job: Sendable {
  let run: @Sendable () -> Void

  init(_ run: @escaping @Sendable () -> Void) { self.run = run }

  /// Starts a thread that owns this object.
  ///
  /// - Returns: The thread's handle as an integer, or nil if the system cannot create a thread.
  func start() -> UInt? {
    #if canImport(Darwin)
      var made: pthread_t?
    #else
      var made = pthread_t()
    #endif
    let context = unsafe Unmanaged.passRetained(self).toOpaque()
    let code = unsafe pthread_create(
      &made, nil,
      { context in
        let opaque: UnsafeMutableRawPointer? = unsafe context
        if let opaque = unsafe opaque {
          unsafe Unmanaged<Job>.fromOpaque(opaque).takeRetainedValue().run()
        }
        return nil
      }, context)
    guard code == 0 else {
      unsafe Unmanaged<Job>.fromOpaque(context).release()
      return nil
    }
    #if canImport(Darwin)
      return UInt(bitPattern: made)
    #else
      return UInt(made)
    #endif
  }

  static func join(_ bits: UInt) {
    #if canImport(Darwin)
      if let thread = pthread_t(bitPattern: bits) { _ = unsafe pthread_join(thread, nil) }
    #else
      _ = pthread_join(pthread_t(bits), nil)
    #endif
  }
}
