import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import SWTTensors
import TestSupport
import Testing

/// The pages of `inspect` and `diff`.
@Suite struct PageTests {
  // MARK: Pages

  /// Parses a page as strictly as XML: elements are closed and nested, identifiers are unique, and links lead
  /// to identifiers.
  private static func requireSound(_ html: String) throws {
    let void: Set<Substring> = ["meta", "!DOCTYPE"]
    var open: [Substring] = []
    var ids: [Substring] = []
    var links: [Substring] = []
    var headings: [Int] = []
    // A "<" always starts a tag, since text has none.
    for piece in html.split(separator: "<").dropFirst(html.hasPrefix("<") ? 0 : 1) {
      let end = try #require(piece.firstIndex(of: ">"), "\(piece.prefix(80))")
      let tag = piece[..<end]
      let name = tag.prefix { $0 != " " && $0 != "/" || $0 == "/" && tag.first == "/" }
      if name.first == "/" {
        let last = open.popLast()
        #expect("/\(try #require(last))" == name, "\(piece.prefix(120))")
        continue
      }
      if name.count == 2, name.first == "h", let level = name.last?.wholeNumberValue {
        headings.append(level)
      }
      for part in tag.split(separator: " ") {
        if part.hasPrefix("id=\"") { ids.append(part.dropFirst(4).dropLast()) }
        if part.hasPrefix("href=\"") { links.append(part.dropFirst(6).dropLast()) }
        #expect(!part.hasPrefix("src=") && !part.hasPrefix("style=") && !part.hasPrefix("on"), "\(tag)")
      }
      if !tag.hasSuffix("/"), !void.contains(name) { open.append(name) }
    }
    #expect(open.isEmpty)
    #expect(Set(ids).count == ids.count)
    #expect(links.allSatisfy { $0.first == "#" && ids.contains($0.dropFirst()) })
    #expect(headings.first == 1 && headings.count { $0 == 1 } == 1)
    #expect(zip(headings, headings.dropFirst()).allSatisfy { $1 <= $0 + 1 }, "\(headings)")
    for part in ["href=\"http", "@import", "url(", "<link", "<img"] {
      #expect(!html.contains(part), "\(part)")
    }
    for part in [
      "<html lang=\"en\">", "default-src 'none'", "<main>", "prefers-color-scheme: dark",
      "prefers-reduced-motion",
      "@media print", "<title>",
    ] {
      #expect(html.contains(part), "\(part)")
    }
  }

  private static func data(_ html: String) throws -> JSONValue {
    let start = try #require(html.split(separator: "<script type=\"application/json\" id=\"report\">").last)
    return try JSONValue.parse(Array(try #require(start.split(separator: "</script>").first).utf8))
  }

  @Test(arguments: InspectTreeTests.readable)
  func `every file has a sound page, of the same bytes every time`(path: String) throws {
    let tool = Tool("inspect", path, "--html")
    #expect(tool.status == .success, "\(tool.errors)")
    try Self.requireSound(tool.output)
    #expect(Tool("inspect", path, "--html", "--threads", "1").output == tool.output)
    #expect(try Self.data(tool.output) == Tool("inspect", path, "--stats", "--json").json())
    for table in tool.output.split(separator: "<table>").dropFirst() { #expect(table.hasPrefix("<caption>")) }
  }

  @Test func `a page shows the network, what dominates, and what is unusual`() throws {
    let html = Tool("inspect", Fixture.checkpoint("resnext_small"), "--html").output
    for part in [
      "279,090 parameters", "layer4.0</bdi> is 73.8 % of it", "What dominates the file", "Layer tree",
      "[256, 32, 3, 3]", "A histogram of 73,728 values from -3.2e-01 to 3.7e-01",
    ] {
      #expect(html.contains(part), "\(part)")
    }
    #expect(html.contains("Nothing unusual") || html.contains("Worth a look"))
  }

  // MARK: Destinations

  @Test func `a page goes to its path and text to standard output, or only the page to standard output`()
    throws
  {
    let folder = try TemporaryFolder()
    let input = Fixture.checkpoint("resnet_basic")
    let path = folder.file("page.html")
    for words in [["inspect", input], ["diff", input, input]] {
      let text = Tool(words)
      let page = Tool(words + ["--html"])
      #expect(page.output.hasPrefix("<!DOCTYPE html>") && page.output.hasSuffix("</html>\n"))
      try writeFile(path, Array("what was there".utf8))
      let filed = Tool(words + ["--html=\(path)"])
      #expect(filed.status == .success)
      #expect(filed.output == text.output)
      #expect(String(decoding: try readFile(path), as: UTF8.self) == page.output)
      #expect(try Tool(words + ["--html=\(path)", "--json"]).json()["schema"]?.string != nil)
      #expect(Tool(words + ["--html", "--json"]).status == .usage)
      #expect(Tool(words + ["--html="]).status == .usage)
      #expect(Tool(words + ["--html=/nowhere/page.html"]).status == .outputFailed)
      #expect(Tool([words[0], "/nowhere.pth"] + words.dropFirst(2) + ["--html"]).status == .inputUnreadable)
    }
    #expect(try folder.names() == ["page.html"])
  }

  @Test func `a page never replaces an input`() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("m.pth")
    let bytes = try readFile(Fixture.checkpoint("resnet_basic"))
    try writeFile(path, bytes)
    for words in [["inspect", path], ["diff", Fixture.checkpoint("resnet_basic"), path]] {
      let tool = Tool(words + ["--html=\(folder.path)/./m.pth"])
      #expect(tool.status == .outputFailed)
      #expect(tool.errors.contains("would replace the input"))
      #expect(try readFile(path) == bytes)
    }
  }

  // MARK: Hostile files

  static let hostile = [
    "</script><img onerror=alert(1) src=x>", "\"><svg onload=x>", "<!--", "]]>", "&lt;b&gt;", "'\"`",
    "\u{202E}abc", "a\u{0}b",
    "\u{1B}[31m", "</details></main>", "a..b", ".", String(repeating: "n", count: 3000),
  ]

  @Test func `names stay text on every page`() throws {
    let folder = try TemporaryFolder()
    let tensors = Self.hostile.enumerated().map { number, name in
      SafetensorsWriter.Tensor(name: name, TensorData(shape: [2], floats: [Float(number), .nan]))
    }
    var others = tensors
    others[1] = SafetensorsWriter.Tensor(name: Self.hostile[1], TensorData(shape: [2], floats: [9, 9]))
    others.removeFirst()
    let (a, b) = (folder.file("a<b>&.safetensors"), folder.file("b.safetensors"))
    let metadata = OrderedStrings(Self.hostile.map { ($0, $0) })
    try writeFile(a, try SafetensorsWriter(metadata: metadata, tensors: tensors, order: .given).bytes())
    try writeFile(
      b, try SafetensorsWriter(metadata: OrderedStrings(), tensors: others, order: .given).bytes())
    for words in [["inspect", a, "--html"], ["diff", a, b, "--html"], ["diff", b, a, "--html"]] {
      let html = Tool(words).output
      try Self.requireSound(html)
      for part in ["<img", "<svg onload", "<!--", "<b>&"] { #expect(!html.contains(part), "\(part)") }
      for scalar in html.unicodeScalars {
        #expect(scalar.value >= 0x20 && scalar.value != 0x202E || scalar == "\n", "\(scalar.value)")
      }
      #expect(html.contains("&lt;img onerror"))
      _ = try Self.data(html)
    }
  }

  @Test func `thousands of tensors keep the page usable, and the limit is stated`() throws {
    let names = (0..<6000).map { ("block\($0 / 50).layer\($0 % 50).weight", [1 + $0 % 7, 3]) }
    let file = try TemporaryFile(StateDictFile(names).bytes, name: "many.pth")
    let html = Tool("inspect", file.path, "--html").output
    try Self.requireSound(html)
    #expect(html.utf8.count < 4_000_000)
    #expect(html.contains("Of 6,000 tensors, 2,000 have a row and 400 have a figure"))
    #expect(!html.contains("id=\"report\""))
  }

  // MARK: Differences

  @Test func `a page of differences has the verdict on top and the worst first`() throws {
    let folder = try TemporaryFolder()
    func write(_ name: String, _ tensors: [(String, [Int], [Float])]) throws -> String {
      let written = tensors.map { SafetensorsWriter.Tensor(name: $0, TensorData(shape: $1, floats: $2)) }
      try writeFile(folder.file(name), try SafetensorsWriter(tensors: written).bytes())
      return folder.file(name)
    }
    let values: [Float] = (1...64).map { Float($0) }
    var (little, much) = (values, values)
    little[3] += 0.25
    for i in 0..<32 { much[i] += i % 2 == 0 ? 0.5 : 3 }
    let a = try write(
      "a.safetensors",
      [
        ("m.equal", [64], values), ("m.little", [64], values), ("m.much", [8, 8], values),
        ("m.shape", [64], values),
        ("m.gone", [64], values), ("m.nan", [64], values),
      ])
    var broken = values
    broken[9] = .nan
    let b = try write(
      "b.safetensors",
      [
        ("m.equal", [64], values), ("m.little", [64], little), ("m.much", [8, 8], much),
        ("m.shape", [8, 8], values),
        ("m.new", [64], values), ("m.nan", [64], broken),
      ])
    let document = try Tool("diff", a, b, "--json").json()
    let found = Dictionary(
      uniqueKeysWithValues: (document["tensors"]?.array ?? []).map { ($0["name"]?.string ?? "", $0) })
    #expect(document["counts"]?["values"]?.int == 3 && document["counts"]?["shape"]?.int == 1)
    let histogram = found["m.much"]?["histogram"]?.array ?? []
    #expect(histogram.map { $0["exponent2"]?.int } == [-1, 1])
    #expect(histogram.map { $0["count"]?.int } == [16, 16])
    let bits = zip(values, much).map { ($0.bitPattern ^ $1.bitPattern).nonzeroBitCount }.reduce(0, +)
    #expect(found["m.much"]?["bits_differing"]?.int == bits)
    #expect(found["m.nan"]?["not_finite"]?.int == 1)
    #expect(found["m.equal"]?["bits_differing"]?.int == 0)

    let tool = Tool("diff", a, b, "--html")
    #expect(tool.status == .verificationFailed)
    let html = tool.output
    try Self.requireSound(html)
    #expect(try Self.data(html) == document)
    #expect(
      html.contains(
        "<strong>Different</strong><span>3 in values, 1 in shape, 1 only in A, 1 only in B</span>"))
    let table = html.split(separator: "<tbody>")[1].split(separator: "</tbody>")[0]
    let order = table.split(separator: "<tr>").compactMap { row in
      ["m.shape", "m.nan", "m.much", "m.little"].first { row.contains("<bdi>\($0)</bdi>") }
    }
    #expect(order == ["m.shape", "m.nan", "m.much", "m.little"])
    #expect(
      html.contains("only in A") && html.contains("only in B") && html.contains("Identical: <bdi>equal</bdi>")
    )
    #expect(html.contains("[64] → [8, 8]"))
    let same = Tool("diff", a, a, "--html")
    #expect(same.status == .success && same.output.contains("<strong>Same</strong>"))
  }

  @Test func `a comparison is the same on any number of threads`() throws {
    let folder = try TemporaryFolder()
    let (wide, half) = (folder.file("w.swt"), folder.file("h.swt"))
    Tool("convert", Fixture.checkpoint("resnext_small"), "-o", wide)
    Tool("convert", Fixture.checkpoint("resnext_small"), "-o", half, "--precision", "f16")
    for form in ["--json", "--html", "--all"] {
      let one = Tool("diff", wide, half, form, "--threads", "1")
      #expect(one.status == .verificationFailed)
      #expect(Tool("diff", wide, half, form, "--threads", "7").output == one.output)
    }
    #expect(Tool("diff", wide, half, "--html").output.contains("float32 → float16"))
  }
}
