internal import SWTBytes
internal import SWTPlatform
internal import SWTThreads
internal import Synchronization

/// The program's signal handling; the libraries install no handlers.
package enum Signals {
  /// On an interrupt or a broken pipe, unfinished outputs are removed and the program ends as callers expect;
  /// a mapped file that shrinks is an error, not a crash.
  package static func install() {
    // A broken pipe then makes the write fail, which leaves time to remove unfinished outputs.
    signal(SIGPIPE, SIG_IGN)
    // A write beyond the limit on the size of files then fails with an error as on a full disk.
    signal(SIGXFSZ, SIG_IGN)
    waitForInterrupts()
    survivePageFaults()
  }

  /// Whether a signal was ignored when the program started, as SIGHUP is by `nohup`.
  private static func isIgnored(_ signal: CInt) -> Bool {
    var action = sigaction()
    guard unsafe sigaction(signal, nil, &action) == 0 else { return false }
    #if canImport(Darwin)
      let handler = unsafe action.__sigaction_u.__sa_handler
    #else
      let handler = unsafe action.__sigaction_handler.sa_handler
    #endif
    let ignore = unsafe unsafeBitCast(SIG_IGN, to: Int.self)
    return unsafe unsafeBitCast(handler, to: Int.self) == ignore
  }

  /// A thread waits for SIGINT, SIGTERM and SIGHUP, because a handler could not take the lock of the temporaries'
  /// list.
  private static func waitForInterrupts() {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    unsafe sigaddset(&set, SIGINT)
    unsafe sigaddset(&set, SIGTERM)
    if !isIgnored(SIGHUP) { unsafe sigaddset(&set, SIGHUP) }
    // Inherited by every thread created later.
    guard unsafe pthread_sigmask(SIG_BLOCK, &set, nil) == 0 else { return }
    let interrupts = set
    waiter.withLock { waiter in
      waiter = Background {
        var set = interrupts
        var received: CInt = 0
        guard unsafe sigwait(&set, &received) == 0 else { return }
        LiveTemporaries.unlinkAll()
        interruptAction.withLock { $0 }?()
        _exit(ExitStatus.interrupted.rawValue)
      }
    }
  }

  /// Ends as any program does on a broken pipe: by SIGPIPE, silently.
  static func endWithoutReader() -> Never {
    LiveTemporaries.unlinkAll()
    if isatty(2) == 1 { interruptAction.withLock { $0 }?() }
    var set = sigset_t()
    unsafe sigemptyset(&set)
    unsafe sigaddset(&set, SIGPIPE)
    unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
    signal(SIGPIPE, SIG_DFL)
    raise(SIGPIPE)
    _exit(128 + SIGPIPE)
  }

  /// Sets an additional action for an interrupt, such as removing the progress bar.
  package static func atInterrupt(_ action: (@Sendable () -> Void)?) {
    interruptAction.withLock { $0 = action }
  }

  private static let interruptAction = Mutex<(@Sendable () -> Void)?>(nil)

  private static let waiter = Mutex<Background<Void>?>(nil)

  /// Whether a mapped file became shorter while it was read, which invalidates everything computed since.
  package static var fileShrank: Bool { shrank.load(ordering: .acquiring) }

  private static let shrank = Atomic<Bool>(false)

  /// On SIGBUS, maps a page of zeros where the file no longer has one, and records that this happened.
  private static func survivePageFaults() {
    _ = shrank.load(ordering: .relaxed)  // initialized here, not inside the handler
    var action = sigaction()
    let handler: @convention(c) (CInt, UnsafeMutablePointer<siginfo_t>?, UnsafeMutableRawPointer?) -> Void = {
      _, info, _ in
      #if canImport(Darwin)
        let address = unsafe info?.pointee.si_addr
      #else
        let address = unsafe info?.pointee._sifields._sigfault.si_addr
      #endif
      let pageSize = Int(getpagesize())
      let page = UInt(bitPattern: address) / UInt(pageSize) * UInt(pageSize)
      let mapped = unsafe mmap(
        UnsafeMutableRawPointer(bitPattern: page), pageSize, PROT_READ,
        MAP_PRIVATE | MAP_FIXED | MAP_ANON, -1, 0)
      if unsafe mapped == MAP_FAILED { _exit(ExitStatus.internalError.rawValue) }
      Signals.shrank.store(true, ordering: .releasing)
    }
    #if canImport(Darwin)
      unsafe action.__sigaction_u.__sa_sigaction = handler
    #else
      unsafe action.__sigaction_handler.sa_sigaction = handler
    #endif
    action.sa_flags = CInt(SA_SIGINFO)
    unsafe sigaction(SIGBUS, &action, nil)
  }
}
