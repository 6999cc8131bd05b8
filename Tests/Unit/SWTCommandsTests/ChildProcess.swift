internal import SWTConsole
import TestSupport

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// Runs the built program in a process of its own, with less of everything than it would like.
struct ChildProcess {
  /// As the shell says it: above 128 for a signal.
  let status: Int32
  let errors: String

  /// The program beside the tests.
  static let program: String? = {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count - 1)
    guard count > 0 else { return nil }
    let path = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard let slash = path.lastIndex(of: "/") else { return nil }
    let program = path[...slash] + "pth2swt"
    return unsafe access(String(program), X_OK) == 0 ? String(program) : nil
  }()

  /// Runs the program with at most `memory` KiB of private memory and `seconds` of processor time.
  ///
  /// - Throws: ``TestFailure`` when it cannot be started.
  init(_ arguments: [String], memory: Int, seconds: Int) throws {
    guard let program = Self.program else { throw TestFailure("the program is not beside the tests") }
    let folder = try TemporaryFolder()
    let quoted = ([program] + arguments).map { "'\($0)'" }.joined(separator: " ")
    let script =
      "ulimit -c 0; ulimit -d \(memory); ulimit -t \(seconds); "
      + "SWIFT_BACKTRACE=enable=no \(quoted) > /dev/null 2> \(folder.file("errors"))"
    status = unsafe system("bash -c \"\(script)\"") >> 8 & 0xFF
    errors = String(decoding: try readFile(folder.file("errors")), as: UTF8.self)
  }
}
