import SWTBytes
import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

/// Small goldens that ask for much.
@Suite struct GoldenDemandTests {
  @Test(arguments: ["1,3,1,22000000", "1,3,4700,4700", "600,3,200,180"])
  func `a golden of a few hundred bytes with a huge input is refused at once`(_ shape: String) throws {
    let folder = try TemporaryFolder()
    let (model, golden) = (folder.file("m.swt"), folder.file("g.safetensors"))
    #expect(Tool("convert", Fixture.checkpoint("resnext_small"), "-o", model).status == .success)
    try writeFile(golden, Self.golden(shape))
    let clock = ContinuousClock()
    let start = clock.now
    let verified = Tool("verify", model, golden)
    #expect(clock.now - start < .seconds(20))
    #expect(verified.status == .goldenUnusable)
    #expect(verified.errors.contains("golden-activations"), "\(verified.errors)")
  }

  /// The golden of the fixtures with its input by a formula.
  private static func golden(_ shape: String) throws -> [UInt8] {
    let bytes = try readFile(Fixture.golden("resnext_small", "odd-65x63"))
    let file = try SafetensorsFile(MemorySource(bytes))
    var metadata = file.metadata
    metadata["labels_top5"] = nil
    metadata["input_formula"] = "uniform-1 seed=1 shape=\(shape)"
    let images = Int(shape.split(separator: ",")[0]) ?? 1
    let writer = try SafetensorsWriter(
      metadata: metadata,
      tensors: [
        SafetensorsWriter.Tensor(
          name: "logits_f32",
          TensorData(shape: [images, 10], floats: [Float](repeating: 0, count: images * 10)))
      ])
    var result: [UInt8] = []
    try writer.write { result += $0 }
    return result
  }
}
