import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

@Suite struct ConvertAndVerifyTests {
  struct Network: Sendable, CustomTestStringConvertible {
    let checkpoint: String
    let goldens: String
    var testDescription: String { checkpoint }
  }

  static let networks = [
    Network(checkpoint: "resnext_small", goldens: "resnext_small"),
    Network(checkpoint: "resnext_small_legacy", goldens: "resnext_small"),
    Network(checkpoint: "resnext_small_deflated", goldens: "resnext_small"),
    Network(checkpoint: "resnext_deep", goldens: "resnext_deep"),
    Network(checkpoint: "resnext_headless", goldens: "resnext_headless"),
    Network(checkpoint: "resnet_basic", goldens: "resnet_basic"),
    Network(checkpoint: "resnext_wrapped", goldens: "resnext_wrapped"),
    Network(checkpoint: "resnext_compiled", goldens: "resnext_wrapped"),
  ]

  @Test(arguments: networks)
  func `a checkpoint becomes a file that verifies itself`(network: Network) throws {
    let folder = try TemporaryFolder()
    let model = folder.file("model.swt")
    let converted = Tool(
      "convert", Fixture.checkpoint(network.checkpoint), "-o", model, "--golden",
      Fixture.golden(network.goldens), "--golden", Fixture.golden(network.goldens, "odd-65x63"), "--json")
    #expect(converted.status == .success, "\(converted.errors)")
    let summary = try converted.json()
    #expect(summary["schema"]?.string == "pth2swt.convert/1")
    #expect(summary["content_id"]?.string?.hasPrefix("swt1:") == true)

    let verified = Tool(
      "verify", model, "--source", Fixture.checkpoint(network.checkpoint), "--format", "json")
    #expect(verified.status == .success, "\(verified.output)\(verified.errors)")
    let report = try verified.json()
    #expect(report["verdict"]?.string == "pass")
    #expect(report["class"]?.string == "fp32")
    #expect(report["goldens"]?.array?.count == 2)
    #expect(report["source"]?["differing"]?.array?.isEmpty == true)
    #expect(Tool("check", model).status == .success)
    // Separate goldens give the same result as embedded ones.
    #expect(Tool("verify", model, Fixture.golden(network.goldens)).status == .success)
  }

  @Test func `containers of the same weights give the same tensors`() throws {
    let folder = try TemporaryFolder()
    var digests: Set<[String]> = []
    for name in ["resnext_small", "resnext_small_legacy", "resnext_small_deflated"] {
      let model = folder.file("\(name).swt")
      Tool("convert", Fixture.checkpoint(name), "-o", model)
      let tensors = try Tool("inspect", model, "--hash", "--json").json()["tensors"]?.array ?? []
      digests.insert(tensors.compactMap { $0["sha256"]?.string })
    }
    #expect(digests.count == 1)
    #expect(digests.first?.count == 104)
  }

  @Test func `converting twenty times gives the same bytes and the same verdict`() throws {
    let folder = try TemporaryFolder()
    let model = folder.file("model.swt")
    var files: Set<[UInt8]> = []
    var reports: Set<String> = []
    for _ in 0..<20 {
      Tool(
        "convert", Fixture.checkpoint("resnext_small"), "-o", model, "--force", "--golden",
        Fixture.golden("resnext_small"))
      files.insert(try readFile(model))
      reports.insert(Tool("verify", model, "--format", "json").output)
    }
    #expect(files.count == 1)
    #expect(reports.count == 1)
  }

  @Test func `an output that is up to date is left alone`() throws {
    let folder = try TemporaryFolder()
    let model = folder.file("model.swt")
    let words = ["convert", Fixture.checkpoint("resnext_small"), "-o", model]
    #expect(Tool(words).status == .success)
    let again = Tool(words)
    #expect(again.status == .success)
    #expect(again.output.contains("up to date"))
    // With other options, the output is not up to date.
    let other = Tool(words + ["--license", "MIT"])
    #expect(other.status == .outputFailed)
    #expect(Tool(words + ["--license", "MIT", "--force"]).status == .success)
  }

  @Test func `a state dict without a layer tree keeps its names`() throws {
    let folder = try TemporaryFolder()
    let truth = try CheckpointTruth("views")
    let model = folder.file("views.swt")
    #expect(Tool("convert", Fixture.checkpoint("views"), "-o", model, "--arch", "none").status == .success)
    let tensors = try Tool("inspect", model, "--hash", "--json").json()["tensors"]?.array ?? []
    let found = Dictionary(
      uniqueKeysWithValues: tensors.map { ($0["name"]?.string ?? "", $0["sha256"]?.string ?? "") })
    for tensor in truth.tensors { #expect(found[tensor.name] == tensor.sha256, "\(tensor.name)") }
  }

  @Test func `a forward pass is written as numpy reads it`() throws {
    let folder = try TemporaryFolder()
    let model = folder.file("model.swt")
    Tool("convert", Fixture.checkpoint("resnext_small"), "-o", model)
    let golden = Fixture.golden("resnext_small")
    let output = folder.file("logits.npz")
    let run = Tool("run", model, golden, "-o", output, "--taps", "layer1.0,layer1.0.conv2")
    #expect(run.status == .success, "\(run.errors)")
    #expect(run.output.contains("logits [2, 10]"))
    #expect(run.output.contains("layer1.0.conv2"))
    #expect(Tool("run", model, golden, "-o", folder.file("x.npy"), "--taps", "layer9").status == .usage)
  }
}
