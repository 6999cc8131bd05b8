import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

@Suite struct SetMetaTests {
  private let folder: TemporaryFolder
  private let model: String

  init() throws {
    folder = try TemporaryFolder()
    model = folder.file("model.swt")
    convert(to: model)
  }

  private func convert(to path: String, _ options: String...) {
    let tool = Tool(
      [
        "convert", Fixture.checkpoint("resnext_small"), "-o", path, "--golden",
        Fixture.golden("resnext_small"),
      ]
        + options)
    #expect(tool.status == .success, "\(tool.errors)")
  }

  private func metadata(_ path: String) throws -> JSONValue? {
    try Tool("inspect", path, "--json").json()["metadata"]
  }

  /// Bytes from the offset in the header.
  private func data(_ path: String) throws -> ArraySlice<UInt8> {
    let bytes = try readFile(path)
    return bytes[(0..<8).reduce(0) { $0 | Int(bytes[24 + $1]) << (8 * $1) }...]
  }

  @Test func `the result is what a conversion with that metadata writes`() throws {
    let other = folder.file("other.swt")
    // Long enough for the index to need an additional page.
    let long = String(repeating: "long ", count: 10_000)
    convert(to: other, "--meta", "x.a=1", "--meta", "x.long=\(long)", "--license", "MIT")
    let before = try data(model)
    let changed = Tool("set-meta", model, "x.long=\(long)", "license=MIT", "x.a=1")
    #expect(changed.status == .success, "\(changed.errors)")
    #expect(try readFile(model) == readFile(other))
    #expect(try data(model).elementsEqual(before))
    #expect(try data(model).startIndex > before.startIndex)
    #expect(Tool("check", model).status == .success)
    #expect(Tool("verify", model).status == .success)
    #expect(try folder.names() == ["model.swt", "other.swt"])
  }

  @Test func `a key that is removed leaves no trace`() throws {
    let before = try readFile(model)
    #expect(Tool("set-meta", model, "x.long=\(String(repeating: "x", count: 60_000))").status == .success)
    #expect(try readFile(model) != before)
    #expect(Tool("set-meta", model, "--remove", "x.long").status == .success)
    #expect(try readFile(model) == before)
  }

  @Test func `values have types`() throws {
    let cases: [(words: [String], key: String, json: JSONValue)] = [
      (["x.v=a=b"], "x.v", "a=b"), (["x.v="], "x.v", ""), (["x.v=5"], "x.v", "5"),
      (["x.v=-5", "--type", "i64"], "x.v", .int(-5)),
      (["x.v=0.25", "--type", "f64"], "x.v", .double(0.25)),
      (["x.v=true", "--type", "bool"], "x.v", .bool(true)),
      (["x.v={\"a\":[1]}", "--type", "json"], "x.v", ["a": .array([.int(1)])]),
      (["x.v=1,2,-3", "--type", "i64[]"], "x.v", .array([.int(1), .int(2), .int(-3)])),
      (["x.v=0.5,2", "--type", "f64[]"], "x.v", .array([.double(0.5), .double(2)])),
      (["arch.groups=4", "--force"], "arch.groups", .int(4)),
      (["arch.layers=3,4,6,3", "--force"], "arch.layers", .array([.int(3), .int(4), .int(6), .int(3)])),
    ]
    for (words, key, json) in cases {
      let tool = Tool(["set-meta", model] + words)
      #expect(tool.status == .success, "\(words): \(tool.errors)")
      #expect(try metadata(model)?[key] == json, "\(words)")
      #expect(Tool("check", model).status == .success)
    }
  }

  @Test func `both content ids are printed, and a stale signature is named`() throws {
    let old = try Tool("check", model, "--json").json()["content_id"]
    #expect(!Tool("set-meta", model, "x.a=1").errors.contains("warning"))
    try writeFile(model + ".sig", [])
    let middle = try Tool("check", model, "--json").json()["content_id"]
    #expect(middle != old)
    let tool = Tool("set-meta", model, "x.a=2", "--remove", "license", "--json")
    let json = try tool.json()
    #expect(json["schema"]?.string == "pth2swt.set-meta/1")
    #expect(json["old_content_id"] == middle)
    #expect(try json["content_id"] == Tool("check", model, "--json").json()["content_id"])
    #expect(json["changed"] == .bool(true))
    #expect(tool.errors.contains("model.swt.sig"))
    // Repeating it changes nothing, so there is no warning.
    let inode = try identity(model)
    let again = Tool("set-meta", model, "x.a=2")
    #expect(again.status == .success)
    #expect(again.errors.isEmpty)
    #expect(try identity(model) == inode)
  }

  private func identity(_ path: String) throws -> UInt64 {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { throw TestFailure("no \(path)") }
    return UInt64(status.st_ino)
  }

  @Test func `labels are counted`() throws {
    let classes = try #require(try metadata(model)?["arch.num_classes"]?.int)
    let labels = folder.file("labels.txt")
    let names = (0..<classes).map { "class \($0)" }
    try writeFile(labels, Array((names.joined(separator: "\r\n") + "\r\n").utf8))
    #expect(Tool("set-meta", model, "--labels", labels).status == .success)
    #expect(try metadata(model)?["labels"]?.string == names.joined(separator: "\n"))
    let other = folder.file("other.swt")
    convert(to: other, "--labels", labels)
    #expect(try readFile(model) == readFile(other))
    try writeFile(labels, Array("one\n".utf8))
    let tool = Tool("set-meta", model, "--labels", labels)
    #expect(tool.status == .weightsDiffer)
    #expect(tool.errors.contains("1 labels for \(classes) classes"))
  }

  @Test func `a new file can be written, and the old one stays`() throws {
    let before = try readFile(model)
    let other = folder.file("other.swt")
    #expect(Tool("set-meta", model, "x.a=1", "-o", other).status == .success)
    #expect(try metadata(other)?["x.a"]?.string == "1")
    #expect(try readFile(model) == before)
    let refused = Tool("set-meta", model, "x.a=2", "-o", other)
    #expect(refused.status == .outputFailed)
    #expect(refused.errors.contains("--force"))
    #expect(Tool("set-meta", model, "x.a=2", "-o", other, "--force").status == .success)
    #expect(try metadata(other)?["x.a"]?.string == "2")
    #expect(Tool("set-meta", model, "x.a=2", "-o", model, "--force").status == .outputFailed)
  }

  @Test func `mode and link are kept`() throws {
    #expect(unsafe chmod(model, 0o640) == 0)
    let link = folder.file("link.swt")
    #expect(unsafe symlink("model.swt", link) == 0)
    #expect(Tool("set-meta", link, "x.a=1").status == .success)
    var status = stat()
    #expect(unsafe stat(model, &status) == 0 && status.st_mode & 0o7777 == 0o640)
    #expect(unsafe lstat(link, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
    #expect(try metadata(model)?["x.a"]?.string == "1")
  }

  @Test func `mistakes change nothing`() throws {
    let before = try readFile(model)
    let cases: [(words: [String], status: Status, says: String)] = [
      ([], .usage, "needs KEY=VALUE"),
      (["x.a"], .usage, "KEY=VALUE"),
      (["X.a=1"], .usage, "a-z"),
      (["=1"], .usage, "a-z"),
      (["x.é=1"], .usage, "a-z"),
      (["--remove", "x a"], .usage, "a-z"),
      (["x.a=1", "x.a=2"], .usage, "given twice"),
      (["x.a=1", "--remove", "x.a"], .usage, "given twice"),
      (["--remove", "licence"], .usage, "did you mean license?"),
      (["x.a=1", "--type", "i32"], .usage, "--type must be one of"),
      (["x.a=1.5", "--type", "i64"], .usage, "i64"),
      (["x.a=9223372036854775808", "--type", "i64"], .usage, "i64"),
      (["x.a=yes", "--type", "bool"], .usage, "bool"),
      (["x.a={", "--type", "json"], .usage, "json"),
      (["x.a=1,,2", "--type", "i64[]"], .usage, "i64[]"),
      (["license=1", "--type", "i64"], .usage, "license is text"),
      (["arch.groups=many", "--force"], .usage, "i64"),
      (["arch.groups=4"], .usage, "--force"),
      (["source.sha256=0"], .usage, "--force"),
      (["swt.producer=me"], .usage, "--force"),
      (["--remove", "golden.0.metadata"], .usage, "--force"),
      (["x.a=1", "--labels", "/nowhere"], .inputUnreadable, "no such file"),
      (
        ["x.a=1", "-o", "/nowhere/at/all.swt"], .outputFailed, "the folder /nowhere/at does not exist"
      ),
    ]
    for (words, status, says) in cases {
      let tool = Tool(["set-meta", model] + words)
      #expect(tool.status == status, "\(words): \(tool.errors)")
      #expect(tool.errors.contains(says), "\(words): \(tool.errors)")
    }
    #expect(Tool("set-meta", "/nowhere.swt", "x.a=1").status == .inputUnreadable)
    #expect(Tool("set-meta", Fixture.checkpoint("parameter"), "x.a=1").status == .inputUnreadable)
    #expect(try readFile(model) == before)
    #expect(try folder.names() == ["model.swt"])
  }

  @Test func `damaged weights are not copied`() throws {
    var bytes = try readFile(model)
    bytes[try data(model).startIndex + 5] ^= 1
    try writeFile(model, bytes)
    let tool = Tool("set-meta", model, "x.a=1")
    #expect(tool.status == .inputUnreadable)
    #expect(tool.errors.contains("checksum of tensor"))
    #expect(try readFile(model) == bytes)
    #expect(try folder.names() == ["model.swt"])
  }

  /// The system kills a process that exceeds its file size limit, here in the middle of the copy.
  @Test(.enabled(if: ChildProcess.program != nil))
  func `a process that is killed leaves the old file`() throws {
    let before = try readFile(model)
    let program = try #require(ChildProcess.program)
    let limit = before.count / 2 / 1024
    let script =
      "ulimit -c 0; ulimit -f \(limit); SWIFT_BACKTRACE=enable=no '\(program)' set-meta '\(model)' x.a=1 2> /dev/null"
    #expect(unsafe system("bash -c \"\(script)\"") != 0)
    #expect(try readFile(model) == before)
    #expect(Tool("set-meta", model, "x.a=1").status == .success)
    #expect(Tool("check", model).status == .success)
  }

  /// "| `a`, `b` | text | …" or "| `a`, `b` | text, i64 | …" in section 7.
  @Test func `FORMAT-md and the program agree on the types of keys`() throws {
    let root = Fixtures.folder.dropLast("/Fixtures".utf8.count)
    let text = String(decoding: try readFile("\(root)/FORMAT.md"), as: UTF8.self)
    var documented: [String: String] = [:]
    for line in text.split(separator: "\n").drop(while: { !$0.hasPrefix("## 7 ") }).prefix(while: {
      !$0.hasPrefix("## 8 ")
    }) where line.hasPrefix("| `") {
      let cells = line.split(separator: "|").map { $0.split(separator: ", ") }
      for (index, cell) in cells[0].enumerated() {
        let type = cells[1][cells[1].count == 1 ? 0 : index].replacing(" ", with: "").lowercased()
        documented[cell.filter { $0 != "`" && $0 != " " }] = type == "i64[4]" ? "i64[]" : type
      }
    }
    #expect(documented.removeValue(forKey: "golden.<n>.metadata") == "json")
    #expect(documented == MetadataKeys.typeNames)
    #expect(documented.count > 20)
  }
}
