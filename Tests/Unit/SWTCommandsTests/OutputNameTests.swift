import PthReader
import SWTBytes
import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import SWTTensors
import TestSupport
import Testing

/// What is said of names, of what is not used and of what is not known, where the user would otherwise be misled.
@Suite struct OutputNameTests {
  private func metadata(_ path: String) throws -> OrderedStrings {
    try SafetensorsFile(MemorySource(readFile(path))).metadata
  }

  /// Hugging Face's loaders refuse a file whose metadata does not name the framework.
  @Test(arguments: ["resnext_small", "resnext_wrapped", "resnext_compiled", "dtypes"], [true, false])
  func `safetensors output has the format that loaders require`(name: String, hasTree: Bool) throws {
    guard hasTree == false || name != "dtypes" else { return }
    let folder = try TemporaryFolder()
    let output = folder.file("x.safetensors")
    let converted = Tool(
      ["convert", Fixture.checkpoint(name), "-o", output] + (hasTree ? [] : ["--arch", "none"]))
    #expect(converted.status == .success, "\(converted.errors)")
    #expect(try metadata(output)["format"] == "pt")
  }

  @Test(arguments: ["x.safetensors", "x.pth"])
  func `a note says that names changed, and which option keeps them`(output: String) throws {
    let folder = try TemporaryFolder()
    let input = Fixture.checkpoint("resnext_wrapped")
    let named = Tool("convert", input, "-o", folder.file(output))
    #expect(
      named.output.contains(
        "note        the names are torchvision's: state_dict.module.conv1.weight became conv1.weight; "
          + "--arch none keeps the source's names"), "\(named.output)")
    let json = try Tool("convert", input, "-o", folder.file(output), "--force", "--json").json()
    #expect(json["renamed"]?["to"]?.string == "conv1.weight")
    let kept = Tool("convert", input, "-o", folder.file(output), "--force", "--arch", "none")
    #expect(kept.status == .success && !kept.output.contains("note "), "\(kept.output)")
    #expect(try PthFile(path: folder.file(output))["state_dict.module.conv1.weight"] != nil)
  }

  @Test(arguments: ["x.safetensors", "x.pth"])
  func `nothing is said where names are the source's`(output: String) throws {
    let folder = try TemporaryFolder()
    let converted = Tool("convert", Fixture.checkpoint("resnext_small"), "-o", folder.file(output))
    #expect(converted.status == .success && !converted.output.contains("became"), "\(converted.output)")
  }

  /// A training checkpoint: the network, a decoder, and an optimizer's state of every weight.
  private func training(_ path: String) throws {
    let file = try PthFile(path: Fixture.checkpoint("resnext_small"))
    var tensors: [SafetensorsWriter.Tensor] = []
    func add(_ name: String, _ entry: TensorEntry) throws {
      let bytes = try file.bytes(of: entry)
      tensors.append(.init(name: name, type: entry.scalarType, shape: entry.shape) { try $0(bytes) })
    }
    for (index, entry) in file.tensors.enumerated() {
      try add("model_state_dict.backbone.\(entry.name)", entry)
      for state in ["exp_avg", "exp_avg_sq"] {
        try add("optimizer_state_dict.state.\(index).\(state)", entry)
      }
    }
    let weight = try #require(file["conv1.weight"])
    for name in ["bias", "weight"] { try add("model_state_dict.decoder.\(name)", weight) }
    var bytes: [UInt8] = []
    try SafetensorsWriter(tensors: tensors).write { bytes += $0 }
    try writeFile(path, bytes)
  }

  @Test func `weights that are not used come by name, and an optimizer's state is one count`() throws {
    let folder = try TemporaryFolder()
    let input = folder.file("training.safetensors")
    try training(input)
    let converted = Tool("convert", input, "-o", folder.file("x.swt"))
    #expect(converted.status == .success, "\(converted.errors)")
    #expect(
      converted.output.contains(
        "  not used    model_state_dict.decoder.bias, model_state_dict.decoder.weight, "
          + "208 tensors of an optimizer\n"), "\(converted.output)")
    let json = try Tool("convert", input, "-o", folder.file("y.swt"), "--json").json()
    #expect(json["unused"]?.array?.count == 210)
  }

  @Test func `what is not known of the input says how to state it, until it is stated`() throws {
    let folder = try TemporaryFolder()
    let convert = ["convert", Fixture.checkpoint("resnext_small"), "-o", folder.file("x.swt"), "--force"]
    #expect(Tool(convert).output.contains("are not known; --meta pre.mean=… states them"))
    let stated = Tool(convert + ["--meta", "pre.mean=0.5,0.5,0.5", "--meta", "pre.std=0.2,0.2,0.2"])
    #expect(stated.status == .success && !stated.output.contains("not known"), "\(stated.output)")
  }
}
