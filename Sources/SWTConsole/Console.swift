internal import SWTBytes
internal import SWTPlatform
internal import Synchronization

/// Where a command writes: results go to standard output, everything else to standard error.
package final class Console: Sendable {
  /// The destination: the process's own streams, or memory in tests.
  package enum Target: Sendable {
    case process
    case memory
  }

  private let target: Target
  private let captured = Mutex<(output: String, errors: String)>(("", ""))
  /// Why results could not be written. Nothing is written afterwards, so the output never has a gap.
  private let broken = Mutex<SystemFailure?>(nil)
  /// Replaces the process's environment; nil uses that environment.
  private let variables: [String: String]?
  /// Width of a simulated terminal, for tests; nil if there is no terminal.
  private let columns: Int?

  package init(
    _ target: Target = .process, environment: [String: String]? = nil, columns: Int? = nil
  ) {
    self.target = target
    variables = environment
    self.columns = columns
  }

  /// A variable of the environment in which the command runs.
  package func environment(_ name: String) -> String? {
    if let variables { return variables[name] }
    return Self.variable(name)
  }

  /// Writes a line of results.
  package func line(_ text: String) {
    write(HarmlessText.forPeople(text, isColorful: isColorful, onOneLine: true) + "\n")
  }

  /// Writes results for people, made harmless (``HarmlessText``) and, at a terminal, folded to its width.
  ///
  /// - Parameters:
  ///   - text: The results.
  ///   - isFolded: False for text that programs read too, such as Markdown.
  package func write(_ text: String, isFolded: Bool = true) {
    var text = HarmlessText.forPeople(text, isColorful: isColorful)
    if isFolded, isTerminal { text = Text.folded(text, width) }
    put(isInWorkflow ? HarmlessText.forWorkflow(text, .text) : text)
  }

  /// Writes a document that programs read, which escapes what it must itself.
  package func document(_ text: String) {
    put(isInWorkflow ? HarmlessText.forWorkflow(text, .init(ofDocument: text)) : text)
  }

  /// Writes workflow commands, whose values are escaped.
  package func commands(_ text: String) { put(text) }

  /// Whether standard output is the log of a GitHub workflow.
  private var isInWorkflow: Bool { environment("GITHUB_ACTIONS") == "true" }

  private func put(_ text: String) {
    switch target {
    case .process:
      broken.withLock { broken in
        if broken == nil { broken = Self.put(text, 1) }
      }
    case .memory: captured.withLock { $0.output += text }
    }
  }

  /// Why some results did not reach standard output; nil if all did.
  package func outputFailure() -> CommandFailure? {
    guard case .process = target else { return nil }
    let failure = broken.withLock { $0 } ?? StandardStreams.flush(1)
    return failure.map { CommandFailure(.outputFailed, "standard output: \($0)") }
  }

  /// Writes a line of diagnostics.
  package func note(_ text: String) {
    let text = Text.printable(text, limit: 4000)
    noteRaw((isInWorkflow ? HarmlessText.forWorkflow(text, .text) : text) + "\n")
  }

  /// Writes a document about diagnostics, on one line.
  package func noteDocument(_ text: String) {
    noteRaw((isInWorkflow ? HarmlessText.forWorkflow(text, .init(ofDocument: text)) : text) + "\n")
  }

  /// Writes diagnostics without a newline, such as a progress bar that is redrawn in place.
  package func noteRaw(_ text: String) {
    switch target {
    case .process: _ = Self.put(text, 2)
    case .memory: captured.withLock { $0.errors += text }
    }
  }

  package var output: String { captured.withLock { $0.output } }
  package var errors: String { captured.withLock { $0.errors } }

  /// Whether results go to a terminal.
  package var isTerminal: Bool {
    guard case .process = target else { return columns != nil }
    return isatty(1) == 1
  }

  /// Whether results go to a terminal that may show color.
  package var isColorful: Bool {
    isTerminal && environment("NO_COLOR").map { $0.isEmpty } != false && environment("TERM") != "dumb"
  }

  /// Columns available to results: COLUMNS if set, else the terminal's width; 100 for a file or a pipe.
  package var width: Int {
    if let text = environment("COLUMNS"), let columns = Int(text), columns > 0 {
      return min(max(columns, 40), 400)
    }
    guard isTerminal else { return 100 }
    return min(max(columns ?? Self.terminalWidth ?? 100, 40), 400)
  }

  private static var terminalWidth: Int? {
    var size = winsize()
    guard unsafe ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }

  /// Whether diagnostics go to a terminal.
  package var isErrorTerminal: Bool {
    guard case .process = target else { return false }
    return isatty(2) == 1
  }

  /// A variable of the process's environment.
  package static func variable(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }

  private static func put(_ text: String, _ descriptor: CInt) -> SystemFailure? {
    let failure = StandardStreams.write(Array(text.utf8), to: descriptor)
    if failure?.code == EPIPE { Signals.endWithoutReader() }
    return failure
  }
}
