import SWTBytes
internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

/// `check`, `verify` and `sign` of several files and folders.
@Suite struct ManyFilesTests {
  private let input: TemporaryFolder
  private let output: TemporaryFolder
  private let fleet: String

  init() throws {
    (input, output) = (try TemporaryFolder(), try TemporaryFolder())
    for name in ["resnext_small", "resnext_deep"] {
      try writeFile(input.file("\(name).pth"), readFile(Fixture.checkpoint(name)))
    }
    let converted = Tool("convert", input.path, "-o", output.path, "--json")
    fleet = input.file("fleet.json")
    try writeFile(fleet, Array(converted.output.utf8))
  }

  private func damage(_ name: String) throws {
    var bytes = try readFile(output.file(name))
    bytes[bytes.count / 2] ^= 1
    try writeFile(output.file(name), bytes)
  }

  @Test func `a folder is checked in one report, and a damaged file does not stop it`() throws {
    #expect(Tool("check", output.path).status == .success)
    try damage("resnext_deep.swt")
    for operands in [[output.path], [output.file("resnext_deep.swt"), output.file("resnext_small.swt")]] {
      let tool = Tool(["check"] + operands + ["--json"])
      #expect(tool.status == .inputUnreadable)
      let document = try tool.json()
      #expect(document["schema"]?.string == "pth2swt.check-files/1")
      #expect(document["files"]?.array?.map { $0["verdict"]?.string } == ["fail", "pass"])
      #expect(document["summary"]?["failed"]?.int == 1 && document["summary"]?["exit"]?.int == 5)
      #expect(tool.errors.contains("resnext_deep.swt"))
    }
    let junit = output.file("check.xml")
    #expect(Tool("check", output.path, "--format", "junit=\(junit)").status == .inputUnreadable)
    #expect(String(decoding: try readFile(junit), as: UTF8.self).contains("tests=\"2\" failures=\"1\""))
    #expect(Tool("check", input.path).errors.contains("there are no .swt files"))
  }

  @Test func `a folder is verified with the sources that the report of convert names`() throws {
    let tool = Tool("verify", output.path, "--source", fleet, "--format", "json")
    #expect(tool.status == .success, "\(tool.errors)")
    let document = try tool.json()
    #expect(document["schema"]?.string == "pth2swt.verify-files/1" && document["verdict"]?.string == "pass")
    let files = try #require(document["files"]?.array)
    // No forward pass was run.
    #expect(files.map { $0["class"]?.string } == ["weights", "weights"])
    #expect(files.allSatisfy { $0["source"]?["verdict"]?.string != "fail" && $0["exit"]?.int == 0 })
    // The same beside the outputs, without being named, and with a folder of checkpoints.
    #expect(Tool("verify", output.path, "--source", input.path).status == .success)
    #expect(Tool("verify", output.path).status == .goldenUnusable)
    try writeFile(output.file("fleet.json"), readFile(fleet))
    #expect(Tool("verify", output.path).status == .success)
    let two = Tool("verify", output.file("resnext_deep.swt"), output.file("resnext_small.swt"))
    #expect(two.status == .success && two.output.contains("2 files: 2 pass\n"))
  }

  @Test func `a file that differs from its source is one failure of the report`() throws {
    let deep = output.file("resnext_deep.swt")
    #expect(Tool("convert", Fixture.checkpoint("resnext_small"), "-o", deep, "--force").status == .success)
    let junit = output.file("v.xml")
    let tool = Tool("verify", output.path, "--source", fleet, "--format", "junit=\(junit)")
    #expect(tool.status == .weightsDiffer)
    #expect(tool.output.contains("resnext_small.swt: pass (weights"))
    let xml = String(decoding: try readFile(junit), as: UTF8.self)
    #expect(xml.contains("<testsuite name=\"pth2swt.verify.\(deep)\"") && xml.contains("<failure "))
    try damage("resnext_small.swt")
    #expect(Tool("verify", output.path, "--source", fleet).status == .inputUnreadable)
    #expect(Tool("verify", output.path, "--update", "all").status == .usage)
    #expect(
      Tool("verify", output.path, "--source", Fixture.checkpoint("resnext_small")).status == .inputUnreadable)
  }

  @Test func `each file of a folder is signed beside it`() throws {
    let key = input.file("key.pem")
    try writeFile(key, Array(TestKey.privatePEM.utf8))
    let tool = Tool("sign", output.path, "--key", key, "--json")
    #expect(tool.status == .success, "\(tool.errors)")
    #expect(
      try output.names() == [
        "resnext_deep.swt", "resnext_deep.swt.sig", "resnext_small.swt", "resnext_small.swt.sig",
      ])
    let files = try tool.json()["files"]?.array ?? []
    #expect(files.count == 2 && files.allSatisfy { $0["content_id"]?.string?.hasPrefix("swt1:") == true })
    #expect(Tool("verify-signature", output.file("resnext_deep.swt"), "--key", key).status == .success)
    #expect(Tool("sign", output.path, "--key", key).status == .outputFailed)
    #expect(Tool("sign", output.path, "--key", key, "--signature", "x.sig").status == .usage)
  }
}
