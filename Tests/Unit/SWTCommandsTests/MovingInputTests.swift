internal import SWTConsole
import SWTThreads
import Synchronization
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// Inputs that another program writes to while a command reads them.
@Suite struct MovingInputTests {
  /// Sets the modification time of a file again and again.
  private final class Writer: Sendable {
    private let isDone = Atomic(false)
    private let path: String

    init(_ path: String) { self.path = path }

    func write() {
      var seconds = 1
      while !isDone.load(ordering: .relaxed) {
        let time = timespec(tv_sec: seconds, tv_nsec: 0)
        _ = unsafe utimensat(AT_FDCWD, path, [time, time], 0)
        seconds += 1
      }
    }

    func stop() { isDone.store(true, ordering: .relaxed) }
  }

  @Test(arguments: [
    ["check", "MODEL"], ["check", "MODEL", "--format", "junit"], ["sign", "MODEL", "--key", "KEY"],
    ["inspect", "MODEL"], ["inspect", "MODEL", "--json", "--stats"], ["diff", "MODEL", "OTHER"],
    ["diff", "OTHER", "MODEL"], ["verify", "MODEL", "GOLDEN"], ["verify", "MODEL", "OTHER"],
    ["set-meta", "MODEL", "author=x"],
  ])
  func `a weight file that changes meanwhile is exit 5`(command: [String]) throws {
    let folder = try TemporaryFolder()
    let (model, other, key) = (folder.file("model.swt"), folder.file("other.swt"), folder.file("key.pem"))
    try writeFile(key, Array(TestKey.privatePEM.utf8))
    for path in [model, other] {
      Tool(
        "convert", Fixture.checkpoint("resnext_small"), "-o", path, "--golden",
        Fixture.golden("resnext_small"))
    }
    let paths = ["MODEL": model, "OTHER": other, "KEY": key, "GOLDEN": Fixture.golden("resnext_small")]
    let arguments = command.map { paths[$0] ?? $0 }
    let before = Tool(arguments)
    #expect([Status.success, .verificationFailed].contains(before.status), "\(before.errors)")
    let writer = Writer(model)
    let writing = Background { writer.write() }
    // A command may be done before the file changes at all.
    var moving = before
    for attempt in 0..<500 where moving.status != .inputUnreadable {
      _ = unsafe unlink(model + ".sig")
      moving = Tool(arguments.map { $0 == "author=x" ? "author=\(attempt)" : $0 })
    }
    writer.stop()
    writing.wait()
    #expect(moving.status == .inputUnreadable, "\(moving.output)")
    let said = moving.errors + moving.output
    #expect(said.contains("model.swt") && said.contains("changed"), "\(said)")
  }

  @Test func `an engine that changes the model is exit 5`() throws {
    let folder = try TemporaryFolder()
    let (model, logits) = (folder.file("model.swt"), folder.file("exported"))
    Tool(
      "convert", Fixture.checkpoint("resnext_small"), "-o", model, "--golden", Fixture.golden("resnext_small")
    )
    Tool("golden", "export", model, "-o", logits)
    let run = "touch -d @1 \(model); test -s {input} && cp \(logits)/logits.npy {output}"
    let judged = Tool("judge", model, "--run", run)
    #expect(judged.status == .inputUnreadable && judged.errors.contains("changed"), "\(judged.errors)")
  }
}
