import SWTBytes
import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

/// Making, importing, showing and updating goldens.
@Suite struct GoldenCommandTests {
  private static func model(_ folder: TemporaryFolder, _ name: String = "resnext_small") -> String {
    let model = folder.file("\(name).swt")
    #expect(Tool("convert", Fixture.checkpoint(name), "-o", model).status == .success)
    return model
  }

  private static func imports(_ name: String) -> String { Fixtures.path("imports/\(name)") }

  @Test(arguments: [
    ["x.npy", "y.npy"], ["pair.npz"], ["positional.npz"], ["pair.pt"], ["timm.safetensors"],
    ["onnx/test_data_set_0"], ["onnx"],
  ])
  func `arrays of other programs are verified, imported and verified again`(files: [String]) throws {
    let folder = try TemporaryFolder()
    let model = Self.model(folder)
    let paths = files.map(Self.imports)
    let direct = Tool(["verify", model] + paths + ["--json"])
    #expect(direct.status == .success, "\(direct.output)\(direct.errors)")
    let golden = try #require(try direct.json()["goldens"]?[0])
    #expect(golden["kind"]?.string == "imported")
    #expect(golden["uncalibrated"]?.bool == true)
    #expect(golden["outputs"]?[0]?["calibrated"]?.bool == false)
    #expect(Tool(["verify", model] + paths).output.contains("(fp32, uncalibrated)"))

    let made = folder.file("made.golden.safetensors")
    let output = files == ["onnx"] ? folder.path : made
    let imported = Tool(["golden", "import"] + paths + ["--model", model, "-o", output, "--json"])
    #expect(imported.status == .success, "\(imported.errors)")
    let file = try #require(try imported.json()["goldens"]?[0]?["file"]?.string)
    #expect(Tool("verify", model, file).status == .success)
    let shown = try Tool("golden", "show", file, "--json").json()["goldens"]?[0]
    #expect(shown?["kind"]?.string == "imported")
    #expect(shown?["calibrated"]?.bool == false)
    // A golden of another network is exit 4.
    #expect(Tool(["verify", Self.model(folder, "resnext_headless")] + paths).status == .goldenUnusable)
  }

  @Test func `imports need a network`() throws {
    let folder = try TemporaryFolder()
    let (x, y) = (Self.imports("x.npy"), Self.imports("y.npy"))
    #expect(Tool("golden", "import", x, y, "-o", folder.path).status == .usage)
    let named = Tool(
      "golden", "import", x, y, "--arch", "resnet18", "-o", folder.file("a.safetensors"), "--name", "mine",
      "--json")
    #expect(named.status == .success, "\(named.errors)")
    let golden = try named.json()["goldens"]?[0]?["golden"]
    #expect(golden?["architecture"]?["num_classes"]?.int == 10)
    #expect(golden?["name"]?.string == "mine")
    #expect(Tool("golden", "show", x).errors.contains("--model"))
    #expect(Tool("golden", "show", x, y, "--arch", "resnet18").status == .success)
    #expect(Tool("golden", "imprt", x).errors.contains("did you mean import?"))
  }

  @Test func `show prints a golden, and those of a weight file`() throws {
    let golden = Fixture.golden("resnext_small", "odd-65x63")
    let text = Tool("golden", "show", golden).output
    for part in [
      "odd-65x63", "computed by another implementation", "multiscale-1", "8.0 floors", "digest",
    ] {
      #expect(text.contains(part), "\(part)")
    }
    let folder = try TemporaryFolder()
    let model = folder.file("m.swt")
    Tool("convert", Fixture.checkpoint("resnext_small"), "-o", model, "--golden", golden)
    #expect(Tool("golden", "show", model).output == text)
  }

  @Test func `the printed script is short, and is written to a file on request`() throws {
    let script = Tool("golden", "make", "--print-script").output
    #expect(script.split(separator: "\n", omittingEmptySubsequences: false).count < 290)
    let folder = try TemporaryFolder()
    #expect(Tool("golden", "make", "--print-script", "-o", folder.file("make.py")).status == .success)
    let written = try FileSource(path: folder.file("make.py"))
    #expect(try written.bytes(at: 0, count: written.byteCount) == Array(script.utf8))
    for option in ["--model", "--state-dict", "--size", "--inputs", "--image", "--out"] {
      #expect(script.contains("\"\(option)\""))
    }
    #expect(!script.contains("import numpy"))
  }

  @Test func `self goldens pass, but prove nothing`() throws {
    let folder = try TemporaryFolder()
    let model = Self.model(folder)
    let made = Tool(
      "golden", "make", model, "--engine", "reference", "-o", folder.path, "--size", "40", "--full-taps",
      "--json")
    #expect(made.status == .success, "\(made.errors)")
    let files = try #require(try made.json()["files"]?.array?.compactMap(\.string))
    #expect(files.count == 2)
    let verified = Tool(["verify", model] + files + ["--json"])
    #expect(verified.status == .success, "\(verified.output)")
    let report = try verified.json()
    #expect(report["class"]?.string == "self-made")
    #expect(report["outside_proof"]?.bool == false)
    #expect(report["goldens"]?[0]?["self_made"]?.bool == true)
    #expect(Tool(["verify", model] + files).output.contains("it does not prove a port correct"))
    // With one from another implementation, that one counts.
    let both = try Tool(["verify", model, Fixture.golden("resnext_small")] + files + ["--json"]).json()
    #expect(both["class"]?.string == "fp32")
    #expect(both["outside_proof"]?.bool == true)
    // Making them again gives the same bytes, and does not overwrite existing files.
    let bytes = try readFile(files[0])
    let again = [
      "golden", "make", model, "--engine", "reference", "-o", folder.path, "--size", "40", "--full-taps",
    ]
    #expect(Tool(again).status == .outputFailed)
    #expect(Tool(again + ["--force"]).status == .success)
    #expect(try readFile(files[0]) == bytes)
    #expect(Tool("golden", "make", model, "-o", folder.path).status == .usage)
  }

  @Test func `a missing self golden is made, except if CI is set`() throws {
    let folder = try TemporaryFolder()
    let model = Self.model(folder)
    let golden = folder.file("m.self.golden.safetensors")
    for value in ["true", "1", "yes"] {
      let tool = Tool(["verify", model, golden, "--update", "new"], environment: ["CI": value])
      #expect(tool.status == .goldenUnusable)
      #expect(tool.errors.contains("CI is set"))
      #expect(try folder.names() == ["resnext_small.swt"])
    }
    #expect(Tool("verify", model, golden, "--update", "none").status == .goldenUnusable)
    // Any other missing golden is an error, unless requested.
    let other = folder.file("other.golden.safetensors")
    #expect(Tool("verify", model, other).status == .goldenUnusable)
    #expect(try folder.names() == ["resnext_small.swt"])

    let made = Tool(["verify", model, golden], environment: ["CI": "false"])
    #expect(made.status == .success, "\(made.errors)")
    #expect(made.output.contains("note      made \(golden)"))
    #expect(made.output.contains("verdict: pass (self-made)"))
    #expect(Tool("verify", model, other, "--update", "new").status == .success)
    #expect(
      try folder.names() == ["m.self.golden.safetensors", "other.golden.safetensors", "resnext_small.swt"])
  }

  @Test func `changed self goldens are updated only if requested, others never`() throws {
    let folder = try TemporaryFolder()
    let model = Self.model(folder)
    let golden = folder.file("m.self.golden.safetensors")
    Tool("verify", model, golden)
    let before = try readFile(golden)
    // The same network, other weights.
    let other = folder.file("other.swt")
    let headed = try Self.otherWeights(folder)
    Tool("convert", headed, "-o", other)
    #expect(Tool("verify", other, golden).status == .weightsDiffer)
    #expect(try readFile(golden) == before)
    let kept = Tool("verify", other, golden, "--update", "all")
    #expect(kept.status == .weightsDiffer)
    #expect(kept.output.contains("kept \(golden)"))
    #expect(try readFile(golden) == before)
    let actual = Tool(["verify", other, golden, "--actual"], environment: ["CI": "1"])
    #expect(actual.status == .weightsDiffer)
    #expect(Tool("verify", other, "\(golden).actual").status == .success)
    let remade = Tool("verify", other, golden, "--update", "all", "--force")
    #expect(remade.status == .success, "\(remade.output)")
    #expect(remade.output.contains("updated \(golden)"))
    #expect(try readFile(golden) != before)

    let outside = folder.file("outside.golden.safetensors")
    try writeFile(outside, readFile(Fixture.golden("resnext_small")))
    let words = ["verify", other, outside, "--update", "all", "--force"]
    #expect(Tool(words).status == .weightsDiffer)
    #expect(try readFile(outside) == readFile(Fixture.golden("resnext_small")))
  }

  /// The checkpoint with one weight's sign changed.
  private static func otherWeights(_ folder: TemporaryFolder) throws -> String {
    var bytes = try readFile(Fixture.checkpoint("resnext_small_legacy"))
    let safetensors = folder.file("all.safetensors")
    Tool("convert", Fixture.checkpoint("resnext_small_legacy"), "-o", safetensors)
    let file = try SafetensorsFile(FileSource(path: safetensors))
    let values = try file.data(of: #require(file["fc.weight"])).bytes
    let start = try #require(DamageTests.place(of: values, in: bytes))
    for i in stride(from: 3, to: 256, by: 4) { bytes[start + i] ^= 0x80 }
    let path = folder.file("other.pth")
    try writeFile(path, bytes)
    return path
  }
}
