import SWTBytes
import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

@Suite struct EvaluateTests {
  private let folder: TemporaryFolder
  private let model: String
  /// Pictures of Fixtures/images, with the classes that PyTorch gives them.
  private static let truth: [(name: String, top: Int, second: Int)] = {
    do {
      let images = try JSONValue.parse(readFile(Fixtures.path("images/truth.json")))["images"]?.array ?? []
      return images.compactMap { image in
        guard let name = image["file"]?.string, let logits = image["logits"]?.array?.compactMap(\.double)
        else {
          return nil
        }
        let order = logits.indices.sorted { logits[$0] > logits[$1] }
        return (name, order[0], order[1])
      }
    } catch {
      Issue.record("\(error)")
      return []
    }
  }()

  init() throws {
    folder = try TemporaryFolder()
    model = folder.file("m.swt")
    let labels = folder.file("labels.txt")
    try writeFile(labels, Array((0..<10).map { $0 == 3 ? "three\n" : "label \($0)\n" }.joined().utf8))
    #expect(
      Tool("convert", Fixture.checkpoint("resnext_small"), "-o", model, "--labels", labels).status == .success
    )
  }

  /// A list of all pictures; the first `wrong` of them with the class that comes second.
  private func list(wrong: Int = 0, extra: String = "") throws -> String {
    let path = folder.file("list.tsv")
    let lines = Self.truth.enumerated().map { place, picture in
      let number = place < wrong ? picture.second : picture.top
      let name = number == 3 ? "three" : "\(number)"
      return "\(Fixtures.path("images/\(picture.name)"))\t\(name)\n"
    }
    try writeFile(path, Array((lines.joined() + extra).utf8))
    return path
  }

  @Test func `top-1 and top-5 count what PyTorch counts`() throws {
    let all = try Tool("evaluate", model, list(), "--json", "--quiet").json()
    #expect(all["schema"]?.string == "pth2swt.evaluate/1")
    #expect(all["pictures"]?.int == Self.truth.count && all["top1"]?.double == 1 && all["top5"]?.double == 1)
    #expect(all["unreadable"]?.array == [] && all["pictures_per_second"]?.double ?? 0 > 0)
    #expect(all["against"]?.isNull == true)

    let some = try Tool("evaluate", model, list(wrong: 3), "--json", "--quiet", "--threads", "3").json()
    let expected = Double(Self.truth.count - 3) / Double(Self.truth.count)
    #expect(some["top1"]?.double == expected && some["top5"]?.double == 1)
  }

  @Test func `pictures that cannot be read are listed and do not count`() throws {
    let cut = folder.file("cut.jpg")
    try writeFile(cut, Array(readFile(Fixtures.path("images/turned.jpg")).prefix(900)))
    let run = Tool("evaluate", model, try list(extra: "cut.jpg\t0\nmissing.png\t1\n"), "--json")
    let document = try run.json()
    #expect(run.status == .success)
    #expect(
      document["unreadable"]?.array?.compactMap(\.string) == [cut, folder.file("missing.png")])
    #expect(document["pictures"]?.int == Self.truth.count && document["top1"]?.double == 1)
    #expect(run.errors.contains("pth2swt: \(cut): JPEG: ") && run.errors.contains("missing.png: "))

    try writeFile(folder.file("only.tsv"), Array("cut.jpg\t0\n".utf8))
    let none = Tool("evaluate", model, folder.file("only.tsv"), "--json")
    #expect(none.status == .inputUnreadable && none.output == "")
  }

  @Test func `an interrupted evaluation continues, and only it`() throws {
    let answers = folder.file("answers.jsonl")
    let list = try list(wrong: 2)
    let first = try Tool("evaluate", model, list, "--json", "--quiet", "--resume", answers).json()
    let lines = try readFile(answers).split(separator: UInt8(ascii: "\n"))
    #expect(lines.count == Self.truth.count + 1 && first["resumed"]?.int == 0)
    // Killed while a line was written.
    let kept = Array(lines.prefix(8).joined(separator: [UInt8(ascii: "\n")])) + Array("\n{\"pict".utf8)
    try writeFile(answers, kept)
    let second = try Tool("evaluate", model, list, "--json", "--quiet", "--resume", answers).json()
    #expect(second["resumed"]?.int == 7 && second["top1"] == first["top1"] && second["top5"] == first["top5"])
    #expect(try readFile(answers).split(separator: UInt8(ascii: "\n")).count == Self.truth.count + 1)

    let other = Tool("evaluate", model, list, "--compute", "bf16", "--resume", answers)
    #expect(other.status == .usage && other.errors.contains("answers of another evaluation"))
    #expect(try readFile(answers).split(separator: UInt8(ascii: "\n")).count == Self.truth.count + 1)
  }

  @Test func `another file is compared picture by picture, with a page`() throws {
    let other = folder.file("other.swt")
    #expect(
      Tool("convert", Fixture.checkpoint("resnext_small"), "-o", other, "--bn-eps", "0.5").status == .success)
    let page = folder.file("page.html")
    let run = Tool("evaluate", other, try list(), "--against", model, "--json", "--quiet", "--html=\(page)")
    let document = try run.json()
    let against = try #require(document["against"])
    #expect(against["top1"]?.double == 1)
    let changed = try #require(against["changed"]?.array)
    let same = Double(Self.truth.count - changed.count) / Double(Self.truth.count)
    #expect(against["same_label"]?.double == same && document["top1"]?.double == same)
    #expect(changed.allSatisfy { $0["class"] == $0["against_top1"] && $0["class"] != $0["top1"] })
    let html = String(decoding: try readFile(page), as: UTF8.self)
    #expect(!changed.isEmpty && html.split(separator: "<img ").count == changed.count + 1)
    #expect(html.contains("data:image/png;base64,iVBORw0KGgo"))

    let same2 = try Tool("evaluate", model, list(), "--against", model, "--json", "--quiet").json()
    #expect(same2["against"]?["same_label"]?.double == 1)
    let reduced = try Tool("evaluate", model, list(), "--compute", "bf16", "--json", "--quiet").json()
    #expect(reduced["compute"]?.string == "bf16" && reduced["against"]?["compute"]?.string == "f32")
    #expect(reduced["against"]?["top1"]?.double == 1)
  }

  @Test func `what cannot be evaluated is one error`() throws {
    let headless = folder.file("h.swt")
    #expect(Tool("convert", Fixture.checkpoint("resnext_headless"), "-o", headless).status == .success)
    #expect(Tool("evaluate", headless, try list()).status == .usage)
    #expect(Tool("evaluate", model, folder.file("nowhere")).status == .inputUnreadable)
    try writeFile(folder.file("bad.tsv"), Array("a.jpg\tcod\n".utf8))
    let bad = Tool("evaluate", model, folder.file("bad.tsv"))
    #expect(bad.status == .inputUnreadable && bad.errors.contains("the network has no class 'cod'"))
  }
}
