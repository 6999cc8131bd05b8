internal import SWTBytes
internal import SWTPlatform
internal import SWTThreads
internal import Synchronization

/// What the program does about signals; the libraries install nothing.
package enum Signals {
  /// Interrupts and a reader that goes away remove unfinished outputs, and end the program as its callers expect; a
  /// mapped file that shrinks is an error, not a crash.
  package static func install() {
    // A pipe without a reader is then an error of the write, which has time to remove unfinished outputs.
    signal(SIGPIPE, SIG_IGN)
    waitForInterrupts()
    survivePageFaults()
  }

  /// A thread waits for SIGINT and SIGTERM, since a handler could not take the lock that temporaries need.
  private static func waitForInterrupts() {
    var set = sigset_t()
    unsafe sigemptyset(&set)
    unsafe sigaddset(&set, SIGINT)
    unsafe sigaddset(&set, SIGTERM)
    // Inherited by every thread that is made later.
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

  /// Ends as a program whose reader went away does, by the signal and without a word.
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

  /// What else is done when the program is interrupted: a bar is taken from the terminal.
  package static func atInterrupt(_ action: (@Sendable () -> Void)?) {
    interruptAction.withLock { $0 = action }
  }

  private static let interruptAction = Mutex<(@Sendable () -> Void)?>(nil)

  private static let waiter = Mutex<Background<Void>?>(nil)

  /// True after a mapped file became shorter while it was read: whatever was computed since is worthless.
  package static var fileShrank: Bool { shrank.load(ordering: .acquiring) }

  private static let shrank = Atomic<Bool>(false)

  /// SIGBUS: puts a page of zeros where the file has none any more, and remembers that it happened.
  private static func survivePageFaults() {
    _ = shrank.load(ordering: .relaxed)  // made now, not inside the handler
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
