import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

@Suite struct InspectTests {
  @Test(arguments: CheckpointTruth.names)
  func `inspect with hashes gives PyTorch's own bytes`(name: String) throws {
    let truth = try CheckpointTruth(name)
    let tool = Tool("inspect", Fixture.checkpoint(name), "--tensors", "--hash", "--json")
    #expect(tool.status == .success)
    let document = try tool.json()
    #expect(document["schema"]?.string == "pth2swt.inspect/1")
    let tensors = document["tensors"]?.array ?? []
    let found = Dictionary(
      uniqueKeysWithValues: tensors.map { ($0["path"]?.array?.compactMap(\.string) ?? [], $0) })
    #expect(found.count == truth.tensors.count)
    for tensor in truth.tensors {
      let item = try #require(found[tensor.path], "\(tensor.name)")
      #expect(item["name"]?.string == tensor.name)
      #expect(item["dtype"]?.string == tensor.dtype)
      #expect(item["shape"]?.array?.compactMap(\.int) == tensor.shape)
      #expect(item["nbytes"]?.int == tensor.byteCount)
      #expect(item["sha256"]?.string == tensor.sha256, "\(tensor.name)")
    }
  }

  @Test func `the architecture is read from the shapes`() throws {
    let document = try Tool("inspect", Fixture.checkpoint("resnext_wrapped"), "--json").json()
    let architecture = try #require(document["architecture"])
    #expect(architecture["block"]?.string == "bottleneck")
    #expect(architecture["groups"]?.int == 4)
    #expect(architecture["num_classes"]?.int == 10)
    #expect(architecture["head"]?.string == "fc")
    let headless = try Tool("inspect", Fixture.checkpoint("resnext_headless"), "--json").json()
    #expect(headless["architecture"]?["head"]?.string == "none")
  }

  @Test func `an unknown network is named once, and a misfit is explained`() throws {
    let names = StateDictFile([("encoder.weight", [2, 2]), ("decoder.weight", [2, 2])])
    let other = try TemporaryFile(names.bytes, name: "other.pth")
    let message = "not a known ResNet or ResNeXt: its tensors are decoder.weight, encoder.weight"
    #expect(Tool("inspect", other.path).output.contains("  architecture  \(message)\n"))
    #expect(try Tool("inspect", other.path, "--json").json()["misfit"]?.string == message)

    let stem = StateDictFile([("conv1.weight", [8, 3, 7, 7]), ("layer1.0.conv1.weight", [8, 8, 3, 3])])
    let broken = try TemporaryFile(stem.bytes, name: "broken.pth")
    let misfit = try #require(try Tool("inspect", broken.path, "--json").json()["misfit"]?.string)
    #expect(misfit.hasPrefix("it looks like a ResNet (torchvision), but "))
    #expect(Tool("inspect", broken.path).output.contains("  not a known ResNet or ResNeXt: \(misfit)\n"))
  }

  @Test func `a hostile name is listed, and conversion refuses the file`() throws {
    let pickle = PickleBuilder().global("posix", "system").op(0x28).text("id").op(0x74).op(0x52).stop()
    let file = try TemporaryFile(ZipBuilder.checkpoint(pickle), name: "evil.pth")
    let document = try Tool("inspect", file.path, "--json").json()
    #expect(document["globals"]?[0]?["dangerous"]?.bool == true)
    let converted = Tool("convert", file.path, "-o", file.path + ".swt", "--arch", "none")
    #expect(converted.status == .inputUnreadable)
    #expect(converted.errors.contains("posix.system is not a tensor constructor; nothing was executed"))
  }
}
