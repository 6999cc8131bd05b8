import ResNetArchitecture
import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import SWTTensors
import TestSupport
import Testing

/// The text of `inspect` on a terminal.
@Suite struct InspectTreeTests {
  /// The lines of the tree: from its heading to the next empty line.
  private static func tree(_ output: String) -> [Substring] {
    let lines = output.split(separator: "\n", omittingEmptySubsequences: false)
    guard let start = lines.firstIndex(where: { $0.contains("bytes") && $0.contains("share") }) else {
      return []
    }
    return Array(lines[start...].prefix { !$0.isEmpty })
  }

  static let readable =
    CheckpointTruth.names.map { Fixture.checkpoint($0) }
    + ["forms/training.pt", "forms/sparse.pt", "forms/quantized.pt", "forms/shared.pt"].map {
      Fixtures.path($0)
    }

  @Test(arguments: readable)
  func `the numbers of every tree are in columns, within the width`(path: String) {
    for columns in [40, 60, 100, 200] {
      let tool = Tool(["inspect", path], environment: ["COLUMNS": "\(columns)"])
      #expect(tool.status == .success)
      let tree = Self.tree(tool.output)
      #expect(tree.count > 1)
      #expect(tree.allSatisfy { $0.count <= columns }, "\(columns)")
      // Shares are aligned with the end of their column's heading.
      let head = Array(tree[0])
      let end = head.count
      for line in tree.dropFirst() {
        let cells = Array(line)
        guard let percent = cells.firstIndex(of: "%") else { continue }
        #expect(percent == end - 1, "\(line)")
      }
    }
  }

  @Test func `blocks of equal shapes are one line, and the sums are those of the layer tree`() throws {
    var architecture = try #require(Architecture.named("resnet152"))
    (architecture.basePlanes, architecture.stemChannels) = (4, 4)
    let network = LayerTree(architecture)
    let tensors = try network.parameters.map { parameter in
      let type: ScalarType = parameter.role == .batchCount ? .int64 : .float32
      let bytes = [UInt8](repeating: 0, count: parameter.elementCount * type.byteWidth)
      return SafetensorsWriter.Tensor(
        name: parameter.name, try TensorData(type: type, shape: parameter.shape, bytes: bytes))
    }
    let file = try TemporaryFile(try SafetensorsWriter(tensors: tensors, order: .given).bytes())
    func grouped(_ number: Int) -> String {
      let digits = Array(String(number))
      return digits.indices.map { i in (i > 0 && (digits.count - i) % 3 == 0 ? "," : "") + String(digits[i]) }
        .joined()
    }
    func parameters(_ prefix: String) -> String {
      grouped(
        network.parameters.filter { $0.isTrainable && $0.name.hasPrefix(prefix) }.reduce(0) {
          $0 + $1.elementCount
        })
    }
    let output = Tool("inspect", file.path).output
    #expect(output.contains("architecture  resnet"))
    #expect(output.contains("parameters    \(parameters(""))"))
    let tree = Self.tree(output)
    #expect(tree.contains { $0.contains("1 … 35") && $0.contains("35 blocks, equal shapes") })
    for stage in ["layer1", "layer2", "layer3", "layer4"] {
      #expect(tree.contains { $0.contains("  \(stage) ") && $0.contains(" \(parameters("\(stage).")) ") })
    }
    #expect(tree.count < 70)
    // --depth limits the tree.
    let shallow = Self.tree(Tool("inspect", file.path, "--depth", "1").output)
    #expect(shallow.count == 8)
    #expect(shallow.contains { $0.contains("layer3") && $0.contains("654 tensors") })
    #expect(Tool("inspect", file.path, "--depth", "0").status == .usage)
  }

  @Test func `the first of several equal blocks is shown`() throws {
    let names = (0..<12).flatMap { block in
      ["q", "k", "v"].map { ("encoder.\(block).\($0).weight", [8, 8]) }
    }
    let file = try TemporaryFile(StateDictFile(names).bytes, name: "t.pth")
    let tree = Self.tree(Tool("inspect", file.path).output)
    #expect(tree.contains { $0.contains("1 … 11") && $0.contains("11 more blocks, equal shapes") })
    #expect(tree.count { $0.contains("[8, 8]") } == 3)
  }

  @Test func `color is for terminals, and NO_COLOR turns it off`() {
    let words = ["inspect", Fixture.checkpoint("resnet_basic")]
    #expect(Tool(words, columns: 100).output.contains("\u{1B}[1m"))
    #expect(!Tool(words).output.contains("\u{1B}"))
    #expect(!Tool(words, environment: ["NO_COLOR": "1"], columns: 100).output.contains("\u{1B}"))
    #expect(!Tool(words, environment: ["TERM": "dumb"], columns: 100).output.contains("\u{1B}"))
    // Only the color differs.
    let plain = Tool(words, environment: ["NO_COLOR": "1"], columns: 100).output
    #expect(plain == Tool(words).output)
    // The width is the terminal's, unless COLUMNS is set.
    let narrow = Tool(words, environment: ["NO_COLOR": "1"], columns: 60).output
    #expect(Self.tree(narrow).allSatisfy { $0.count <= 60 })
    #expect(Tool(words, environment: ["NO_COLOR": "1", "COLUMNS": "60"], columns: 200).output == narrow)
  }

  @Test func `hostile names are escaped, and shortened in the middle`() throws {
    let long = "start" + String(repeating: "x", count: 5000) + "end"
    let marks = "z" + String(repeating: "\u{301}", count: 5000)
    let names = [
      "a\u{1B}[31mb.weight", "\u{202E}right.to.left", "zero\u{200B}width", "\u{E0041}tag", long, marks,
      "層.重み", "…",
      "a..b", ".", "..", "new\nline",
    ]
    let file = try TemporaryFile(StateDictFile(names.map { ($0, [2]) }).bytes, name: "h.pth")
    for words in [["inspect", file.path], ["inspect", file.path, "--tensors"]] {
      let output = Tool(words).output
      for scalar in output.unicodeScalars {
        let isPlain = scalar.value >= 0x20 && !(0x7F..<0xA0).contains(scalar.value) || scalar == "\n"
        #expect(isPlain && ![0x202E, 0x200B, 0xE0041].contains(scalar.value), "\(scalar.value)")
      }
      #expect(output.contains("\\u{202e}right") && output.contains("\\u{a}line") && output.contains("層"))
      #expect(output.utf8.count < 20_000)
    }
    let tree = Self.tree(Tool("inspect", file.path).output)
    #expect(tree.contains { $0.contains("startx") && $0.contains("…") && $0.contains("xend") })
  }

  @Test func `deep and wide files stay short`() throws {
    let deep = (0..<300).map { (String(repeating: "m.", count: $0) + "w", [1]) }
    let wide = (0..<3000).map { ("tensor\($0)", [3]) }
    for names in [deep, wide] {
      let file = try TemporaryFile(StateDictFile(names).bytes, name: "f.pth")
      let tool = Tool("inspect", file.path)
      #expect(tool.status == .success)
      #expect(Self.tree(tool.output).count < 160)
      #expect(tool.output.contains("tensors"))
      #expect(Tool("inspect", file.path, "--tensors").output.split(separator: "\n").count > names.count)
    }
    let empty = try TemporaryFile(StateDictFile([]).bytes, name: "e.pth")
    #expect(Tool("inspect", empty.path).output.contains("tensors       none"))
  }

  @Test func `shared storages, dangerous names and metadata are listed once, after the tree`() throws {
    let shared = Tool("inspect", Fixture.checkpoint("nested")).output
    #expect(shared.contains("\nshared storages\n  first.weight: also second.weight\n"))
    #expect(shared.contains("stored once"))
    let pickle = PickleBuilder().global("posix", "system").op(0x28).text("id").op(0x74).op(0x52).stop()
    let file = try TemporaryFile(ZipBuilder.checkpoint(pickle), name: "evil.pth")
    #expect(Tool("inspect", file.path).output.contains("DANGEROUS     names posix.system at byte"))
    let folder = try TemporaryFolder()
    let model = folder.file("m.swt")
    Tool("convert", Fixture.checkpoint("resnext_small"), "-o", model, "--meta", "author=someone")
    let output = Tool("inspect", model).output
    #expect(output.contains("\nmetadata\n") && output.contains("  author  someone\n"))
    #expect(output.contains("content_id  swt1:"))
  }
}
