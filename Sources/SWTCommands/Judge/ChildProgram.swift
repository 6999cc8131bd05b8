internal import SWTBytes
internal import SWTConsole
internal import SWTPlatform

/// A shell command in a process group of its own, which ends with this program or when its time is over.
/// What it prints goes to standard error.
struct ChildProgram {
  private let line: String

  init(_ line: String) { self.line = line }

  /// - Throws: ``CommandFailure`` with exit 5 if it cannot be started, fails, or takes too long.
  func run(seconds: Double) throws(CommandFailure) {
    let process = try start()
    Signals.atInterrupt { _ = kill(-process, SIGTERM) }
    defer { Signals.atInterrupt(nil) }
    let end = ContinuousClock.now + .seconds(seconds)
    var status: CInt = 0
    while true {
      let ended = unsafe waitpid(process, &status, WNOHANG)
      if ended == process { break }
      if ended < 0, errno != EINTR { break }
      guard ContinuousClock.now < end else {
        _ = kill(-process, SIGKILL)
        _ = unsafe waitpid(process, &status, 0)
        throw CommandFailure(
          .inputUnreadable, "the engine took more than \(Text.fixed(seconds, 0)) s: \(line)",
          hint: "--run-timeout SECONDS allows more")
      }
      usleep(5_000)
    }
    let (signal, code) = (status & 0x7F, status >> 8 & 0xFF)
    guard status == 0 else {
      let how = signal != 0 ? "was ended by signal \(signal)" : "ended with exit status \(code)"
      throw CommandFailure(.inputUnreadable, "the engine \(how): \(line)")
    }
  }

  private func start() throws(CommandFailure) -> pid_t {
    #if canImport(Darwin)
      var attributes: posix_spawnattr_t?
      var actions: posix_spawn_file_actions_t?
    #else
      var attributes = posix_spawnattr_t()
      var actions = unsafe posix_spawn_file_actions_t()
    #endif
    unsafe posix_spawnattr_init(&attributes)
    unsafe posix_spawn_file_actions_init(&actions)
    defer {
      unsafe posix_spawnattr_destroy(&attributes)
      unsafe posix_spawn_file_actions_destroy(&actions)
    }
    // This program blocks and ignores signals that the engine must get.
    var none = sigset_t()
    var usual = sigset_t()
    unsafe sigemptyset(&none)
    unsafe sigemptyset(&usual)
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ] { unsafe sigaddset(&usual, signal) }
    unsafe posix_spawnattr_setsigmask(&attributes, &none)
    unsafe posix_spawnattr_setsigdefault(&attributes, &usual)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
    // Standard output is for the report.
    unsafe posix_spawn_file_actions_adddup2(&actions, 2, 1)

    var process = pid_t()
    let words = ["/bin/sh", "-c", line]
    var pointers = unsafe words.map { unsafe strdup($0) } + [nil]
    defer { unsafe pointers.forEach { unsafe free($0) } }
    let failed = unsafe posix_spawn(&process, "/bin/sh", &actions, &attributes, &pointers, environ)
    guard failed == 0 else {
      throw CommandFailure(.inputUnreadable, "/bin/sh cannot be started (error \(failed)): \(line)")
    }
    return process
  }
}
