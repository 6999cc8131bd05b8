internal import SWTPlatform
internal import Synchronization

/// One piece of work on a thread of its own, beside whatever the caller does meanwhile.
///
/// Where no thread is to be had, the work is done at once; the result is the same.
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

  /// Waits for the result; may be called once or many times.
  package func wait() -> Value {
    if let started = thread.withLock({ $0.take() }) { Job.join(started) }
    return result.withLock { $0 } ?? work()
  }
}

/// The C side of a thread: a function pointer cannot be generic.
private final class Job: Sendable {
  let run: @Sendable () -> Void

  init(_ run: @escaping @Sendable () -> Void) { self.run = run }

  /// Starts a thread that owns this object.
  ///
  /// - Returns: the thread's bits, or `nil` when the system has no thread to give.
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
