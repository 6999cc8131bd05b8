import SWTCommands
internal import SWTConsole
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// Standard output that cannot be written: a full disk, a closed descriptor, a broken pipe.
@Suite(.enabled(if: ChildProcess.canBeFull)) struct UnwritableOutputTests {
  static let checkpoint = Fixture.checkpoint("resnext_small")
  static let golden = Fixture.golden("resnext_small")

  /// Every command that prints, in each of its variants. `MODEL` is a weight file with its signature, `KEY`
  /// and `PUBLIC` are its keys, `OUT` is a new path.
  static let commands: [[String]] = [
    ["convert", checkpoint, "-o", "OUT"], ["convert", checkpoint, "-o", "OUT", "--json"],
    ["inspect", checkpoint], ["inspect", checkpoint, "--json"], ["inspect", checkpoint, "--html"],
    ["inspect", "MODEL", "--stats"],
    ["verify", "MODEL", golden], ["verify", "MODEL", golden, "--json"],
    ["verify", "MODEL", golden, "--format", "junit"], ["verify", "MODEL", golden, "--format", "github"],
    ["run", "MODEL", golden, "--input", "input", "-o", "OUT"],
    ["golden", "show", golden], ["golden", "make", "--print-script"],
    ["golden", "import", golden, "--model", "MODEL", "-o", "OUT"],
    ["check", "MODEL"], ["check", "MODEL", "--json"],
    ["diff", "MODEL", checkpoint], ["diff", "MODEL", checkpoint, "--json"],
    ["diff", "MODEL", checkpoint, "--html"],
    ["sign", "MODEL", "--key", "KEY", "--signature", "OUT"],
    ["verify-signature", "MODEL", "--key", "PUBLIC"],
    ["set-meta", "MODEL", "x.note=new", "-o", "OUT"],
    ["arch"], ["arch", "resnet50"], ["arch", "resnet50", "--json"],
    ["bench", "MODEL", "--runs", "1", "--size", "32"], ["doctor", "--json"], ["completions", "zsh"], ["man"],
    ["--help"], ["--version"], ["help", "convert"], ["convert", "--help"],
  ]

  /// A folder with the files that commands name.
  private struct Place {
    let folder = Result { try TemporaryFolder() }

    func words(_ command: [String]) throws -> [String] {
      let folder = try folder.get()
      let model = folder.file("model.swt")
      if command.contains("MODEL") {
        try #require(Tool("convert", checkpoint, "-o", model).status == .success)
        try writeFile(folder.file("key"), Array(TestKey.privatePEM.utf8))
        try writeFile(folder.file("public"), Array(TestKey.publicPEM.utf8))
        try #require(Tool("sign", model, "--key", folder.file("key")).status == .success)
      }
      let named = [
        "MODEL": model, "KEY": folder.file("key"), "PUBLIC": folder.file("public"),
        "OUT": folder.file("out.\(command.first == "run" ? "npy" : "swt")"),
      ]
      return command.map { named[$0] ?? $0 }
    }
  }

  @Test func `every command is covered`() {
    let tried = Set(Self.commands.map { $0[0] })
    for command in CommandLineTests.commands { #expect(tried.contains(command), "\(command)") }
  }

  @Test(arguments: commands)
  func `results that cannot be written are exit 6`(command: [String]) throws {
    let place = Place()
    let words = try place.words(command)
    #expect(try ChildProcess(words).status == 0)
    for redirection in ["> /dev/full", ">&-"] {
      let child = try ChildProcess(
        words + (command.contains("OUT") ? ["--force"] : []), redirection: redirection)
      #expect(child.status == 6, "\(redirection)")
      #expect(child.errors.contains("standard output: "), "\(redirection)")
      #expect(child.errors.hasPrefix("{\"schema\":\"pth2swt.error/1\"") == words.contains("--json"))
    }
  }

  @Test func `another failure's status takes precedence`() throws {
    let other = Fixture.golden("resnext_deep")
    let cases: [(words: [String], status: Int32)] = [
      (["convrt"], 2), ([], 2), (["inspect", "/nowhere.pth"], 5), (["verify", "MODEL", other], 4),
      (["diff", Self.checkpoint, Fixture.checkpoint("resnext_deep")], 1),
    ]
    for (command, status) in cases {
      let place = Place()
      let words = try place.words(command)
      for redirection in ["> /dev/full", ">&-"] {
        let child = try ChildProcess(words, redirection: redirection)
        #expect(child.status == status, "\(words)")
      }
    }
  }

  @Test func `a command that prints nothing succeeds`() throws {
    let place = Place()
    let words = try place.words(["convert", Self.checkpoint, "-o", "OUT", "--quiet"])
    for redirection in ["> /dev/full", ">&-", ">&- 2>&-"] {
      #expect(try ChildProcess(words + ["--force"], redirection: redirection).status == 0)
    }
  }

  /// Prints eighty messages while files are open: with closed descriptors, they could go to one of those
  /// files.
  @Test func `printed text never goes to a file that a command writes`() throws {
    let folder = try TemporaryFolder()
    try writeFile(folder.file("model.pth"), try readFile(Self.checkpoint))
    try #require(Tool("convert", folder.file("model.pth"), "-o", folder.file("whole")).status == .success)
    let whole = try readFile(folder.file("whole"))
    try writeFile(folder.file("bad.pth"), Array("no checkpoint".utf8))
    for place in 0..<40 {
      for (kind, name) in [("model", "good"), ("bad", "bad")] {
        try #require(unsafe link(folder.file("\(kind).pth"), folder.file("\(place)-\(name).pth")) == 0)
      }
    }
    let inputs = try folder.names().filter { $0.hasSuffix("d.pth") }.map { folder.file($0) }
    let output = try TemporaryFolder()
    _ = try ChildProcess(
      ["convert"] + inputs + ["-o", output.path, "--threads", "2"], redirection: ">&- 2>&-")
    let made = try output.names()
    #expect(made.count == 40)
    for name in made { #expect(try readFile(output.file(name)) == whole) }
  }

  @Test func `a broken pipe ends the command by SIGPIPE, silently`() throws {
    // Also if the caller ignores the signal, as Python programs do. The reader is gone before the program starts.
    for before in [":", "trap '' PIPE"] {
      let child = try ChildProcess(["man"], redirection: ">&7", before: "\(before); exec 7> >(:); wait $!")
      #expect(child.status == 141)
      #expect(child.errors.isEmpty)
    }
  }
}
