import SWTConsole
import Testing

/// Text from files on terminals and in workflow logs.
@Suite struct HarmlessTextTests {
  private let hostile = "a\u{1B}[31mb\u{9B}2J\u{202E}c\u{7}\u{0}"

  @Test(arguments: [nil, 80])
  func `control and direction characters are escaped in results and diagnostics`(_ columns: Int?) {
    let console = Console(.memory, environment: [:], columns: columns)
    console.line(hostile)
    console.write(hostile + "\n")
    console.note(hostile)
    let expected = "a\\u{1b}[31mb\\u{9b}2J\\u{202e}c\\u{7}\\u{0}\n"
    #expect(console.output == expected + expected)
    #expect(console.errors == expected)
  }

  @Test func `the console's own colors stay, on a terminal alone`() {
    for (columns, shown) in [(80 as Int?, "\u{1B}[1;31mx\u{1B}[0m"), (nil, "\\u{1b}[1;31mx\\u{1b}[0m")] {
      let console = Console(.memory, environment: ["TERM": "xterm"], columns: columns)
      console.write("\u{1B}[1;31mx\u{1B}[0m")
      #expect(console.output == shown)
    }
  }

  @Test func `a line is one line, whatever a path contains`() {
    let console = Console(.memory, environment: [:])
    console.line("x\n::error::y: up to date")
    console.note("x\n::error::y")
    #expect(console.output == "x\\u{a}::error::y: up to date\n")
    #expect(console.errors == "x\\u{a}::error::y\n")
  }

  @Test(arguments: [
    "::error::x", "  \t::stop-commands::x", "a ##[error]x", "\u{B}::x", "a\r::x", "##[group]",
  ])
  func `nothing is a command in the log of a workflow`(_ text: String) {
    let console = Console(.memory, environment: ["GITHUB_ACTIONS": "true"])
    console.write("before\n\(text)\n")
    console.note(text)
    for line in (console.output + console.errors).split(whereSeparator: \.isNewline) {
      #expect(!line.drop { $0.isWhitespace }.hasPrefix("::"), "\(line)")
      #expect(!line.contains("##["), "\(line)")
    }
  }

  @Test func `documents keep their meaning, and are no command either`() {
    let console = Console(.memory, environment: ["GITHUB_ACTIONS": "true"])
    console.document("{\"name\": \"##[error]\"}\n")
    console.document("<p>##[error]\n::x</p>\n")
    #expect(console.output == "{\"name\": \"#\\u0023[error]\"}\n<p>#&#35;[error]\n&#58;:x</p>\n")
    console.commands("::error::x\n")
    #expect(console.output.hasSuffix("\n::error::x\n"))
  }

  @Test func `text that is harmless is unchanged`() {
    let console = Console(.memory, environment: [:])
    let text = "a ≠ b: 1.0×, σ … é\u{301} 漢字 ::x ##[y]\n\tz\n"
    console.write(text)
    #expect(console.output == text)
  }

  @Test func `an error is one line of at most 2000 bytes, without control characters`() {
    let long = String(repeating: "\u{1B}[31m", count: 1000)
    let failure = CommandFailure(.inputUnreadable, file: "a\nb", long)
    #expect(failure.line.utf8.count <= 2010)
    #expect(failure.line.hasPrefix("a b: \\u{1b}[31m"))
  }
}
