import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import TestSupport

/// The exit codes; Swift Testing has a type of the same name.
typealias Status = SWTConsole.ExitStatus

/// Runs command lines in this process, as a user would type them.
struct Tool {
  let status: Status
  let output: String
  let errors: String

  @discardableResult
  init(_ words: String...) { self.init(words) }

  /// - Parameters:
  ///   - words: The command line.
  ///   - environment: The command's environment.
  ///   - columns: Width of its terminal; nil for a pipe.
  @discardableResult
  init(_ words: [String], environment: [String: String] = [:], columns: Int? = nil) {
    let console = Console(.memory, environment: environment, columns: columns)
    status = CommandLineTool.main(words, console)
    output = console.output
    errors = console.errors
  }

  /// Standard output as a JSON document.
  func json() throws -> JSONValue { try JSONValue.parse(Array(output.utf8)) }
}

/// Fixtures by short names.
enum Fixture {
  static func checkpoint(_ name: String) -> String { Fixtures.path("checkpoints/\(name).pth") }
  static func golden(_ network: String, _ name: String = "image-64") -> String {
    Fixtures.path("goldens/\(network)/\(name).golden.safetensors")
  }
}
