import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import Testing

/// Output made from the table of commands: completions and the manual page; and the machine's report.
@Suite struct ToolTests {
  @Test(arguments: ["bash", "zsh", "fish"])
  func `completions name every command and option`(shell: String) {
    let script = Tool("completions", shell).output
    for command in CommandLineTests.commands {
      #expect(script.contains(command))
      for option in options(of: command) { #expect(script.contains(option), "\(command) --\(option)") }
    }
  }

  @Test func `an unknown shell is a usage error`() {
    #expect(Tool("completions", "tcsh").status == .usage)
    #expect(Tool("completions").status == .usage)
  }

  @Test func `the manual page has every command, option and exit code`() {
    let page = Tool("man").output
    #expect(page.hasPrefix(".TH PTH2SWT 1"))
    for command in CommandLineTests.commands {
      #expect(page.contains("\n.SS \(command.map { $0 == "-" ? "\\-" : String($0) }.joined()) "))
    }
    for status in Status.allCases { #expect(page.contains("\\fB\(status.rawValue)\\fR")) }
    // A line of text that starts with a dot would be a request, and disappear.
    let requests: Set = ["TH", "SH", "SS", "TP", "PP", "B", "br", "nf", "fi", "RS", "RE"]
    for line in page.split(separator: "\n") where line.hasPrefix(".") {
      #expect(requests.contains(String(line.dropFirst().prefix { $0.isLetter })), "\(line)")
    }
    // groff and mandoc read bytes, and not every man(1) tells them the encoding.
    for line in page.split(separator: "\n") {
      #expect(line.utf8.allSatisfy { (0x20..<0x7F).contains($0) }, "\(line)")
    }
  }

  @Test func `doctor finds every kernel correct`() throws {
    let tool = Tool("doctor", "--json")
    #expect(tool.status == .success)
    let document = try tool.json()
    #expect(document["schema"]?.string == "pth2swt.doctor/1")
    #expect(document["libzip"]?.string?.contains(".") == true)
    let kernels = document["kernels"]?.array ?? []
    #expect(!kernels.isEmpty)
    for kernel in kernels { #expect(kernel["verdict"]?.string == "pass") }
    #expect(Tool("doctor").output.contains("portable"))
  }

  /// Long names of the options in a command's help.
  private func options(of command: String) -> [String] {
    Tool(command, "--help").output.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      return words.prefix(2).first { $0.hasPrefix("--") }.map { String($0.dropFirst(2).prefix { $0 != "[" }) }
    }
  }
}
