import SWTBytes
import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

/// Outputs of layers that an engine gave as they are before a ReLU.
@Suite struct JudgeTapTests {
  /// ONNX Runtime's outputs, in a folder, with a negative number wherever conv1 is 0.
  private static func write(to folder: TemporaryFolder, poolsNegatives: Bool) throws {
    let file = try NpzFile(FileSource(path: Fixtures.path("engines/onnxruntime.npz")))
    for name in ["conv1", "maxpool", "layer1.0", "layer2.0", "layer3.0", "layer4.0", "avgpool", "logits"] {
      var data = try #require(try file.read(name))
      if name == "conv1" || (name == "maxpool" && poolsNegatives) {
        let values = try data.floats()
        data = TensorData(shape: data.shape, floats: values.map { $0 > 0 ? $0 : -0.5 })
      }
      try writeFile(folder.file("\(name).npy"), try NpyFile.bytes(data))
    }
  }

  private static func judged(poolsNegatives: Bool) throws -> (passes: Bool, report: JSONValue) {
    let (folder, outputs) = (try TemporaryFolder(), try TemporaryFolder())
    try write(to: outputs, poolsNegatives: poolsNegatives)
    let model = folder.file("model.swt")
    Tool("convert", Fixture.checkpoint("resnext_small"), "-o", model)
    let judged = Tool(
      "judge", model, Fixtures.path("engines/formula-24x24-0.golden.safetensors"), "--outputs",
      outputs.path, "--budget", "600", "--json")
    return (judged.status == .success, try judged.json())
  }

  @Test func `a feature map from before its ReLU is named as such, and no layer is accused`() throws {
    let (passes, report) = try Self.judged(poolsNegatives: false)
    #expect(passes)
    #expect(report["class"]?.string == "fp32")
    #expect(report["taken_before_relu"]?.array?.compactMap { $0.string } == ["conv1"])
    #expect(report["class_also"]?.array?.isEmpty == true)
  }

  @Test func `an engine that goes on with negative values lacks the ReLU`() throws {
    let (passes, report) = try Self.judged(poolsNegatives: true)
    #expect(!passes)
    #expect(report["taken_before_relu"]?.array?.isEmpty == true)
    #expect(report["goldens"]?[0]?["first_divergence"]?["block"]?.string == "conv1")
  }
}
