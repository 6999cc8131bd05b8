import SWTBytes
internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

/// Documentation/JSON.md names every key that commands print, and every schema.
@Suite struct JSONPageTests {
  /// The keys of each schema on the page.
  private static let page: [String: Set<String>] = {
    var page: [String: Set<String>] = [:]
    do {
      let path = Fixtures.folder.split(separator: "/").dropLast().joined(separator: "/")
      let text = String(decoding: try readFile("/\(path)/Documentation/JSON.md"), as: UTF8.self)
      for line in text.split(separator: "\n") where line.hasPrefix("| `pth2swt.") {
        let words = line.split(separator: "`", omittingEmptySubsequences: false)
        let quoted = words.indices.filter { $0 % 2 == 1 }.map { String(words[$0]) }
        for schema in quoted where schema.hasPrefix("pth2swt.") && page[schema] == nil {
          page[schema] = Set(quoted)
        }
      }
    } catch {
      Issue.record("\(error)")
    }
    return page
  }()

  private static func check(_ document: JSONValue, _ command: String) throws {
    let schema = try #require(document["schema"]?.string, "\(command)")
    let known = try #require(page[schema], "\(schema) is not on the page")
    for member in document.members ?? [] where member.key != "schema" {
      #expect(known.contains(member.key), "\(schema): \(member.key)")
    }
    // One level below, where the keys are ours and not those of a file.
    let ours = [
      "summary", "against", "latency_ms", "predictions", "arrays", "changed", "tensors", "networks",
    ]
    for key in ours {
      var inner = document[key]
      while let first = inner?.array?.first { inner = first }
      for member in inner?.members ?? [] {
        #expect(known.contains(member.key), "\(schema): \(key).\(member.key)")
      }
    }
  }

  @Test func `every key that commands print is on the page`() throws {
    let folder = try TemporaryFolder()
    let (model, checkpoint) = (folder.file("m.swt"), Fixture.checkpoint("resnext_small"))
    let (key, other) = (folder.file("k.pem"), folder.file("o.swt"))
    let list = folder.file("list.tsv")
    try writeFile(key, Array(TestKey.privatePEM.utf8))
    try writeFile(list, Array("\(Fixtures.path("images/dot.png"))\t0\n".utf8))
    let small = Fixtures.path("images/small.jpg")
    let commands = [
      ["convert", checkpoint, "-o", model, "--golden", Fixture.golden("resnext_small")],
      ["inspect", checkpoint], ["inspect", model, "--hash", "--tensors"], ["inspect", checkpoint, "--stats"],
      ["convert", checkpoint, "-o", folder.path, "--dry-run"], ["verify", model],
      ["verify", model, "--durations", "--source", checkpoint], ["verify", folder.path], ["check", model],
      ["check", folder.path], ["sign", model, "--key", key], ["sign", folder.path, "--key", key, "--force"],
      ["verify-signature", model, "--key", key], ["run", model, small],
      ["run", model, small, "-o", folder.file("x.npy")], ["evaluate", model, list, "--against", model],
      ["set-meta", model, "x.a=1", "-o", other], ["diff", model, other], ["arch", "resnet18"],
      ["bench", model, "--runs", "1", "--warmup", "0", "--size", "32"], ["doctor"],
      ["golden", "show", Fixture.golden("resnext_small")],
    ]
    for command in commands {
      let tool = Tool(command + ["--json"])
      #expect(tool.output != "", "\(command): \(tool.errors)")
      if tool.output != "" { try Self.check(tool.json(), command.joined(separator: " ")) }
    }
    try Self.check(JSONValue.parse(Array(Tool("check", "/nowhere", "--json").errors.utf8)), "an error")
    #expect(Self.page.count >= 22)
  }
}
