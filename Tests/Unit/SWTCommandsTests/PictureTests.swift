import SWT
import SWTBytes
import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

/// `run` with pictures; Tests/Unit/SWTImagesTests compare the tensors with torchvision's.
@Suite struct PictureTests {
  private let folder: TemporaryFolder
  private let model: String

  init() throws {
    folder = try TemporaryFolder()
    model = folder.file("m.swt")
    let labels = folder.file("labels.txt")
    try writeFile(labels, Array((0..<10).map { "label \($0)\n" }.joined().utf8))
    #expect(
      Tool("convert", Fixture.checkpoint("resnext_small"), "-o", model, "--labels", labels).status == .success
    )
  }

  private static let truth: [JSONValue] = {
    do {
      return try JSONValue.parse(readFile(Fixtures.path("images/truth.json")))["images"]?.array ?? []
    } catch {
      Issue.record("\(error)")
      return []
    }
  }()

  /// The bound is the one of goldens: `k` times the largest error of PyTorch's own float32 variants.
  @Test(arguments: Self.truth.compactMap { $0["file"]?.string })
  func `logits of a picture agree with PyTorch's within its own noise`(_ name: String) throws {
    let record = try #require(Self.truth.first { $0["file"]?.string == name })
    let output = folder.file("\(name).npy")
    #expect(Tool("run", model, Fixtures.path("images/\(name)"), "-o", output, "--quiet").status == .success)
    let logits = try NpyFile.read(MemorySource(readFile(output))).floats().map(Double.init)
    let expected = try #require(record["logits"]?.array).compactMap(\.double)
    #expect(logits.count == expected.count)
    func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    let error = norm(zip(logits, expected).map { $0 - $1 }) / norm(expected)
    #expect(error <= (record["k"]?.double ?? 0) * (record["floor_rel_l2"]?.double ?? 0))
  }

  @Test func `the five largest logits have labels, probabilities and margins`() throws {
    let path = Fixtures.path("images/landscape.jpg")
    let document = try Tool("run", model, path, "--json").json()
    let expected = try #require(
      Self.truth.first { $0["file"]?.string == "landscape.jpg" }?["logits"]?.array
    ).compactMap(\.double)
    let order = expected.indices.sorted { expected[$0] > expected[$1] }
    let top = try #require(document["predictions"]?[0]?.array)
    #expect(top.compactMap { $0["class"]?.int } == Array(order.prefix(5)))
    #expect(top.compactMap { $0["label"]?.string } == order.prefix(5).map { "label \($0)" })
    let margins = zip(order, order.dropFirst()).prefix(5).map { expected[$0] - expected[$1] }
    for (found, margin) in zip(top.compactMap { $0["margin"]?.double }, margins) {
      #expect(abs(found - margin) < 1e-4)
    }
    let probabilities = top.compactMap { $0["probability"]?.double }
    #expect(probabilities.count == 5 && probabilities.reduce(0, +) > 0.99)

    let shown = Tool("run", model, path)
    #expect(shown.status == .success)
    #expect(shown.output.split(separator: "\n").count == 6 && shown.output.contains("label \(order[0])"))
    #expect(shown.errors.contains("does not state pre.mean, pre.std, pre.resize, pre.size"))
    #expect(shown.errors.contains("pth2swt set-meta \(model) pre.mean=0.485,0.456,0.406"))
    let remedied = folder.file("stated.swt")
    let stated = shown.errors.split(separator: " ").filter { $0.hasPrefix("pre.") && $0.contains("=") }
    #expect(Tool(["set-meta", model] + stated.map(String.init) + ["-o", remedied]).status == .success)
    let again = Tool("run", remedied, path)
    #expect(again.errors == "" && again.output == shown.output)
  }

  @Test func `a tensor without an output file is answered the same way`() throws {
    let input = folder.file("x.npy")
    try writeFile(
      input, NpyFile.bytes(TensorData(shape: [2, 3, 64, 64], floats: .init(repeating: 0, count: 24576))))
    let document = try Tool("run", model, input, "--json").json()
    #expect(document["predictions"]?.array?.count == 2)
    #expect(Tool("run", model, input).output.contains("image 1\n"))
  }

  @Test func `what Exif says is not applied, and said`() {
    let shown = Tool("run", model, Fixtures.path("images/turned.jpg"))
    #expect(shown.status == .success && shown.errors.contains("Exif orientation (6) is not applied"))
  }

  @Test(arguments: [
    ("cut.jpg", "truncated|EOF|end", 900), ("cut.png", "", 300), ("a.gif", "a GIF picture", 0),
  ])
  func `a picture that cannot be used is one error`(_ name: String, _ words: String, _ count: Int) throws {
    let path = folder.file(name)
    let source = name == "cut.jpg" ? "turned.jpg" : "colors.png"
    let bytes = count == 0 ? Array("GIF89a".utf8) : try readFile(Fixtures.path("images/\(source)"))
    try writeFile(path, Array(bytes.prefix(max(count, 6))))
    let run = Tool("run", model, path, "--quiet")
    #expect(run.status == .inputUnreadable && run.output == "")
    #expect(run.errors.hasPrefix("pth2swt: \(path): ") && run.errors.split(separator: "\n").count == 1)
  }

  @Test func `metadata that cannot be followed is one error, not a wrong answer`() throws {
    let odd = folder.file("odd.swt")
    #expect(Tool("set-meta", model, "pre.std=1,0,1", "-o", odd).status == .success)
    let run = Tool("run", odd, Fixtures.path("images/small.jpg"))
    #expect(run.status == .inputUnreadable && run.errors.contains("its metadata pre.std is invalid"))
  }

  @Test func `a network without a classifier has no classes to show`() throws {
    let headless = folder.file("h.swt")
    #expect(Tool("convert", Fixture.checkpoint("resnext_headless"), "-o", headless).status == .success)
    let run = Tool("run", headless, Fixtures.path("images/small.jpg"))
    #expect(run.status == .usage && run.errors.contains("-o OUT.npy"))
  }
}
