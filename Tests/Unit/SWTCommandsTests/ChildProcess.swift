internal import SWTConsole
import TestSupport

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// Runs the built program in its own process.
struct ChildProcess {
  /// The exit status as in a shell: above 128 for a signal.
  let status: Int32
  let errors: String

  /// The program in the same folder as the tests.
  static let program: String? = {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count - 1)
    guard count > 0 else { return nil }
    let path = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard let slash = path.lastIndex(of: "/") else { return nil }
    let program = path[...slash] + "pth2swt"
    return unsafe access(String(program), X_OK) == 0 ? String(program) : nil
  }()

  /// Whether there is a device that is always full, as on Linux.
  static let canBeFull: Bool = {
    guard program != nil else { return false }
    return unsafe access("/dev/full", W_OK) == 0
  }()

  /// Runs the program with limited resources.
  ///
  /// - Parameters:
  ///   - arguments: The command line, without `'`.
  ///   - memory: Limit of private memory, in KiB.
  ///   - seconds: Limit of processor time.
  ///   - redirection: Redirections of its streams in bash; diagnostics are kept unless this closes them.
  ///   - before: Commands that bash runs first.
  /// - Throws: ``TestFailure`` if it cannot be started.
  init(
    _ arguments: [String], memory: Int = 4 << 20, seconds: Int = 60, redirection: String = "> /dev/null",
    before: String = ":"
  ) throws {
    guard let program = Self.program else { throw TestFailure("the program is not beside the tests") }
    let folder = try TemporaryFolder()
    let quoted = ([program] + arguments).map { "'\($0)'" }.joined(separator: " ")
    let script = """
      ulimit -c 0; ulimit -d \(memory); ulimit -t \(seconds); export SWIFT_BACKTRACE=enable=no
      \(before)
      \(quoted) 2> \(folder.file("errors")) \(redirection)
      """
    try writeFile(folder.file("script"), Array(script.utf8))
    status = unsafe system("bash \(folder.file("script"))") >> 8 & 0xFF
    errors = String(decoding: try readFile(folder.file("errors")), as: UTF8.self)
  }
}
