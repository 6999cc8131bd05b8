import ResNetArchitecture
import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

/// The classifier that is not where torchvision has it.
@Suite struct HeadTests {
  private static let network = Architecture(
    block: .bottleneck, layers: [1, 1, 1, 1], classCount: 10, basePlanes: 4)
  /// Channels of the last stage.
  private static let features = 128

  private static var backbone: StateDictFile {
    StateDictFile(network).without("fc.").renaming { "backbone." + $0 }
  }

  private func convert(_ file: StateDictFile, _ options: [String] = []) throws -> Tool {
    let folder = try TemporaryFolder()
    let (input, output) = (folder.file("model.pth"), folder.file("model.swt"))
    try writeFile(input, file.bytes)
    return Tool(["convert", input, "-o", output, "--json"] + options)
  }

  private func head(_ tool: Tool) throws -> JSONValue? {
    try tool.json()["conventions"]?.array?.first { $0["name"]?.string == "head" }
  }

  @Test(arguments: [
    "fc", "out", "output", "clf", "logit", "dense", "new_fc", "fc1", "classifier.fc", "heads.0", "head",
  ])
  func `the only matrix of the features outside the backbone is the classifier`(name: String) throws {
    let file = Self.backbone.with("\(name).weight", [5, Self.features]).with("\(name).bias", [5])
    let tool = try convert(file)
    #expect(tool.status == .success, "\(tool.errors)")
    #expect(try head(tool)?["value"]?.string == name)
    #expect(try head(tool)?["from"]?.string == "file")
    #expect(try tool.json()["unused"]?.array?.isEmpty == true)
    #expect(try tool.json()["notes"]?.array?.contains { $0.string?.contains("(5 classes)") == true } == true)
  }

  @Test func `a head outside goes before the backbone's own unused fc, and that is said`() throws {
    let file = StateDictFile(Self.network).renaming { "model.backbone." + $0 }
      .with("model.head.weight", [5, Self.features]).with("model.head.bias", [5])
      .with("optimizer.state.0.exp_avg", [5, Self.features])
    let tool = try convert(file)
    #expect(tool.status == .success, "\(tool.errors)")
    #expect(try head(tool)?["value"]?.string == "model.head")
    let notes = try #require(try tool.json()["notes"]?.array).compactMap(\.string)
    #expect(notes.contains { $0.contains("model.backbone.fc (10 classes) is not used") }, "\(notes)")
    let left = try #require(try tool.json()["left_out"]?.array).compactMap { $0["name"]?.string }
    #expect(left == ["model.backbone.fc.bias", "model.backbone.fc.weight"])
    // For people: an optimizer's tensors are only counted.
    let folder = try TemporaryFolder()
    try writeFile(folder.file("m.pth"), file.bytes)
    let text = Tool("convert", folder.file("m.pth"), "-o", folder.file("m.swt")).output
    #expect(text.contains("  not used    1 tensor of an optimizer\n"), "\(text)")
    // The other one on request.
    let own = try convert(file, ["--head", "model.backbone.fc"])
    #expect(own.status == .success, "\(own.errors)")
    #expect(try head(own)?["from"]?.string == "option")
    let none = try convert(file, ["--head", "none"])
    #expect(none.status == .success, "\(none.errors)")
    #expect(try head(none)?["value"]?.string == "none")
  }

  @Test func `several heads, an MLP and a normalization before the head are refused and listed`() throws {
    let two = Self.backbone.with("head.weight", [5, Self.features]).with("aux.weight", [7, Self.features])
    let several = try convert(two)
    #expect(several.status == .weightsDiffer)
    #expect(several.errors.contains("head (5 classes), aux (7 classes)"), "\(several.errors)")
    #expect(several.errors.contains("--head NAME"))
    #expect(try convert(two, ["--head", "head"]).status == .success)
    #expect(try convert(two, ["--head", "missing"]).errors.contains("no linear layer 'missing'"))
    let mlp = try convert(
      Self.backbone.with("head.0.weight", [32, Self.features]).with("head.0.bias", [32])
        .with("head.2.weight", [5, 32]).with("head.2.bias", [5]))
    #expect(mlp.status == .weightsDiffer)
    #expect(mlp.errors.contains("head.0 and head.2"), "\(mlp.errors)")
    let neck = try convert(
      Self.backbone.with("bottleneck.running_mean", [Self.features]).with(
        "classifier.weight", [5, Self.features]))
    #expect(neck.status == .weightsDiffer)
    #expect(neck.errors.contains("bottleneck is outside the network"), "\(neck.errors)")
  }

  @Test func `an MLP in place of fc can be left out`() throws {
    let file = StateDictFile(Self.network).without("fc.").with("fc.0.weight", [32, Self.features])
      .with("fc.0.bias", [32]).with("fc.2.weight", [5, 32]).with("fc.2.bias", [5])
    #expect(try convert(file).status == .weightsDiffer)
    let tool = try convert(file, ["--head", "none"])
    #expect(tool.status == .success, "\(tool.errors)")
    #expect(try tool.json()["left_out"]?.array?.count == 4)
  }

  @Test(arguments: ["fc.1", "10", "head"])
  func `a linear layer under another name in the network is its classifier`(name: String) throws {
    let file = StateDictFile(Self.network).renaming { $0.hasPrefix("fc.") ? name + $0.dropFirst(2) : $0 }
    let tool = try convert(file)
    #expect(tool.status == .success, "\(tool.errors)")
    #expect(try head(tool)?["value"]?.string == name)
  }

  @Test func `a classifier without bias, and thop's counters, are no trouble`() throws {
    let file = StateDictFile(Self.network).without("fc.bias").with("total_ops", [1]).with(
      "layer1.total_params", [1])
    let tool = try convert(file)
    #expect(tool.status == .success, "\(tool.errors)")
    #expect(try tool.json()["left_out"]?.array?.count == 2)
  }
}
