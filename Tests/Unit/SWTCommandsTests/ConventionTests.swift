import ResNetArchitecture
import SWTCommands
internal import SWTConsole
import SWTTensorFiles
import TestSupport
import Testing

/// Conventions that shapes cannot tell: their source, what is recorded and printed.
@Suite struct ConventionTests {
  private static let network = Architecture(
    block: .bottleneck, layers: [1, 1, 1, 1], classCount: 1000, basePlanes: 4)

  /// Converts a state dict and returns convert's document and the file's metadata.
  private func convert(
    _ file: StateDictFile, _ options: [String] = [], name: String = "model.pth"
  ) throws -> (tool: Tool, metadata: JSONValue?) {
    let folder = try TemporaryFolder()
    let (input, output) = (folder.file(name), folder.file("model.swt"))
    try writeFile(input, file.bytes)
    let tool = Tool(["convert", input, "-o", output, "--json"] + options)
    return (tool, try? Tool("inspect", output, "--json").json()["metadata"])
  }

  /// A convention in convert's document.
  private func convention(_ name: String, _ tool: Tool) throws -> JSONValue? {
    try tool.json()["conventions"]?.array?.first { $0["name"]?.string == name }
  }

  @Test func `what no witness knows is assumed, and reported as such`() throws {
    let (tool, metadata) = try convert(StateDictFile(Self.network))
    #expect(try tool.json()["schema"]?.string == "pth2swt.convert/2")
    let assumed = try #require(try tool.json()["conventions"]?.array).filter {
      $0["from"]?.string == "assumed"
    }
    #expect(
      assumed.compactMap { $0["name"]?.string } == [
        "stem", "pool", "strides", "stride_on", "dilations", "first_dilations", "bn_eps", "normalization",
      ])
    #expect(try convention("stem", tool)?["value"]?.string == "7x7/2/3")
    #expect(try convention("pool", tool)?["value"]?.string == "3x3/2/1")
    #expect(try convention("strides", tool)?["value"]?.array?.compactMap(\.int) == [1, 2, 2, 2])
    #expect(try convention("stride_on", tool)?["value"]?.string == "3x3")
    #expect(try convention("bn_eps", tool)?["value"]?.double == 1e-5)
    #expect(try convention("activation", tool)?["from"]?.string == "family")
    #expect(try convention("head", tool)?["value"]?.string == "fc")
    #expect(try tool.json()["preprocessing"] == .null)
    #expect(metadata?["arch.stride_on"] == nil)
    #expect(metadata?["source.conventions"]?["dilations"]?.string == "assumed")
    #expect(metadata?["pre.mean"] == nil)
  }

  @Test func `an option is recorded with its value and as an option`() throws {
    let (tool, metadata) = try convert(
      StateDictFile(Self.network),
      ["--stride-on", "1x1", "--dilation", "1,1,2,4", "--bn-eps", "0.001", "--channel-order", "bgr"])
    #expect(tool.status == .success, "\(tool.errors)")
    #expect(metadata?["arch.stride_on"]?.string == "conv1")
    #expect(metadata?["arch.dilations"]?.array?.compactMap(\.int) == [1, 1, 2, 4])
    #expect(metadata?["arch.bn_eps"]?.double == 0.001)
    #expect(metadata?["pre.channels"]?.string == "BGR")
    for key in ["stride_on", "dilations", "bn_eps", "channel_order"] {
      #expect(metadata?["source.conventions"]?[key]?.string == "option")
    }
  }

  @Test func `--strict refuses what is assumed, lists it, and is satisfied by options`() throws {
    let (refused, _) = try convert(StateDictFile(Self.network), ["--strict"])
    #expect(refused.status == .weightsDiffer)
    #expect(refused.errors.contains("only assumed: stem 7x7/2/3, pool 3x3/2/1, strides 1,2,2,2"))
    let (tool, metadata) = try convert(
      StateDictFile(Self.network),
      [
        "--strict", "--stem", "7x7/1/3", "--pool", "3x3/2/0/ceil", "--strides", "1,2,2,1", "--stride-on",
        "3x3",
        "--dilation", "1,1,1,2", "--first-dilation", "1,1,1,2", "--bn-eps", "1e-5",
      ])
    #expect(tool.status == .success, "\(tool.errors)")
    #expect(metadata?["arch.stem_conv"]?.array?.compactMap(\.int) == [7, 1, 3])
    #expect(metadata?["arch.pool"]?.string == "3x3/2/0/ceil")
    // A network for small images by its names alone: akamaster's and kuangliu's.
    let (cifar, _) = try convert(
      StateDictFile(
        Architecture(block: .basic, layers: [1, 1, 1, 1], classCount: 10, basePlanes: 4, stem: .conv3x3)
      ).renaming { $0.hasPrefix("fc.") ? "linear." + $0.dropFirst(3) : $0 }, ["--strict"])
    #expect(cifar.status == .success, "\(cifar.errors)")
  }

  @Test(arguments: [
    ["--strides", "1,2,2"], ["--stem", "7x7"], ["--stem", "7x7/2/9"], ["--pool", "3x3"], ["--pool", "avg"],
    ["--strides", "1,2,2,9"], ["--first-dilation", "0,1,1,1"],
  ])
  func `a convention that no network has is refused`(options: [String]) throws {
    let (tool, _) = try convert(StateDictFile(Self.network), options)
    #expect(tool.status == (options == ["--strides", "1,2,2"] ? .weightsDiffer : .usage))
  }

  @Test func `a network's name can imply conventions, as options do`() throws {
    let file = StateDictFile(Architecture.named("resnet50") ?? Self.network)
    let (tool, metadata) = try convert(
      file, ["--arch", "resnet50_v1", "--limit", "total-bytes=4000000000"])
    #expect(tool.status == .success, "\(tool.errors)")
    #expect(metadata?["arch.name"]?.string == "resnet50_v1")
    #expect(metadata?["source.conventions"]?["stride_on"]?.string == "option")
  }

  /// Keys of a detectron2 checkpoint, with the values of its preprocessing.
  private func detectron2(groups: Int) -> StateDictFile {
    var network = Self.network
    network.groups = groups
    network.classCount = nil
    return StateDictFile(network).without { $0.hasSuffix("num_batches_tracked") }.renaming { name in
      var parts = name.split(separator: ".").map(String.init)
      if parts[0].hasPrefix("layer") {
        parts[0] = "res\((Int(parts[0].suffix(1)) ?? 0) + 1)"
        if parts[2].hasPrefix("bn") { parts[2] = "conv\(parts[2].suffix(1)).norm" }
        if parts[2] == "downsample" {
          parts[2] = "shortcut"
          parts[3] = parts[3] == "0" ? "" : "norm"
        }
      } else {
        parts[0] = parts[0] == "bn1" ? "stem.conv1.norm" : "stem.conv1"
      }
      return "backbone.bottom_up." + parts.filter { !$0.isEmpty }.joined(separator: ".")
    }
  }

  @Test func `detectron2 without groups is MSRA's, with groups Facebook's`() throws {
    let (msra, plain) = try convert(detectron2(groups: 1))
    #expect(msra.status == .success, "\(msra.errors)")
    #expect(plain?["arch.stride_on"]?.string == "conv1")
    #expect(plain?["pre.channels"]?.string == "BGR")
    #expect(plain?["pre.std"]?.array?.compactMap(\.double) == [1, 1, 1])
    #expect(plain?["source.conventions"]?["stride_on"]?.string == "family detectron2")
    let (_, grouped) = try convert(detectron2(groups: 2))
    #expect(grouped?["arch.stride_on"] == nil)
    #expect(grouped?["pre.std"]?.array?.compactMap(\.double) == [57.375, 57.12, 58.395])
    // The file's preprocessing takes precedence over the default; here a standard deviation of 0, not 1.
    let stored = detectron2(groups: 1).with("pixel_mean", [3, 1, 1]).with("pixel_std", [3, 1, 1])
    let (tool, own) = try convert(stored)
    #expect(tool.status == .success, "\(tool.errors)")
    #expect(own?["arch.stride_on"] == nil)
    #expect(own?["pre.std"]?.array?.compactMap(\.double) == [0, 0, 0])
  }

  @Test func `mmpretrain's pixels are RGB on 0…255`() throws {
    let folder = try TemporaryFolder()
    let output = folder.file("model.swt")
    Tool("convert", Fixtures.path("families/mmpretrain_v1d.pth"), "-o", output)
    let metadata = try Tool("inspect", output, "--json").json()["metadata"]
    #expect(metadata?["pre.channels"]?.string == "RGB")
    #expect(metadata?["pre.scale"]?.double == 1)
    #expect(metadata?["pre.mean"]?.array?.compactMap(\.double) == [123.675, 116.28, 103.53])
    #expect(metadata?["pre.std"]?.array?.compactMap(\.double) == [58.395, 57.12, 57.375])
  }

  @Test func `torchvision's segmentation encoders are dilated`() throws {
    let encoder = StateDictFile(Self.network).without("fc.").renaming { "backbone." + $0 }
    let head: [Int] = [8, 64, 3, 3]
    let (tool, metadata) = try convert(
      encoder.with("classifier.0.weight", head).with("classifier.4.weight", [21, 8, 1, 1]))
    #expect(tool.status == .success, "\(tool.errors)")
    #expect(metadata?["arch.dilations"]?.array?.compactMap(\.int) == [1, 1, 2, 4])
    #expect(try convention("dilations", tool)?["from"]?.string == "family")
    #expect(try convention("dilations", tool)?["witness"]?.string == "family torchvision")
    // The same encoder alone is not, nor with a classifier of linear layers with the same name.
    #expect(try convert(encoder).metadata?["arch.dilations"] == nil)
    let linear = encoder.with("classifier.0.weight", [8, 64]).with("classifier.4.weight", [21, 8])
    #expect(try convert(linear, ["--key", "backbone"]).metadata?["arch.dilations"] == nil)
  }

  @Test func `a published name with other bytes gives a warning and no conventions`() throws {
    let (tool, metadata) = try convert(StateDictFile(Self.network), name: "resnet50-0676ba61.pth")
    #expect(tool.status == .success)
    #expect(tool.errors.contains("pth2swt: warning: "))
    #expect(tool.errors.contains("the name says 0676ba61: this is not the published resnet50-0676ba61"))
    #expect(try tool.json()["warnings"]?.array?.count == 1)
    #expect(metadata?["pre.mean"] == nil && metadata?["source.official"] == nil)
    let (other, _) = try convert(StateDictFile(Self.network), name: "mine-0badcafe.pth")
    #expect(other.errors.contains("the name says 0badcafe"))
    for name in ["model-20240131.pth", "resnet50.pth", "resnet-imagenet.pth"] {
      #expect(try convert(StateDictFile(Self.network), name: name).tool.errors.isEmpty)
    }
  }

  @Test func `published files are known by their digest`() throws {
    let file = try #require(
      OfficialFile.find(sha256: "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a"))
    #expect(file.name == "resnet50-0676ba61")
    #expect(file.conventions.preprocessing?.crop?.resize == 256)
    // torchvision's only weights of this network are from its newer recipe, despite their name.
    #expect(
      OfficialFile.find(path: "a/resnext101_64x4d-173b62eb.pth")?.conventions.preprocessing?.crop?.resize
        == 232)
    #expect(OfficialFile.find(path: "ig_resnext101_32x8-c38310e5.pth")?.license == "CC-BY-NC-4.0")
    #expect(OfficialFile.find(path: "fasterrcnn_resnet50_fpn_coco-258fb6c6.pth")?.conventions.epsilon == 0)
    #expect(OfficialFile.find(path: "resnetblur50-84f4748f.pth")?.conventions.antialiasing == .blur)
    #expect(Set(OfficialFile.all.map(\.digits)).count == OfficialFile.all.count)
    #expect(OfficialFile.all.count == 147)
  }

  @Test func `what is known about a network is noted`() throws {
    var network = Self.network
    network.classCount = 5
    let old = StateDictFile(network).without { $0.hasSuffix("num_batches_tracked") }
    let notes = try convert(old).tool.json()["notes"]?.array?.compactMap(\.string) ?? []
    #expect(notes.contains { $0.hasPrefix("fc has 5 classes") && $0.hasSuffix("; --labels FILE names them") })
    #expect(notes.contains { $0.contains("saved before PyTorch 0.4.1") })
    let average = old.renaming { "model." + $0 } + old.renaming { "model_ema." + $0 }
    let (tool, metadata) = try convert(average)
    #expect(metadata?["source.prefix"]?.string == "model.")
    let passed = try tool.json()["notes"]?.array?.compactMap(\.string) ?? []
    #expect(
      passed.contains(
        "there is another network under 'model_ema.' (a running average); --key model_ema selects it"))
    #expect(try convert(average, ["--key", "model_ema"]).metadata?["source.prefix"]?.string == "model_ema.")
  }

  @Test(arguments: [
    ["--stride-on", "5x5"], ["--dilation", "1,1,0,2"], ["--dilation", "one"], ["--bn-eps", "2"],
    ["--bn-eps", "-1"],
    ["--channel-order", "gbr"], ["--arch", "none", "--stride-on", "1x1"],
  ])
  func `an option without effect is a mistake`(options: [String]) throws {
    #expect(try convert(StateDictFile(Self.network), options).tool.status == .usage)
  }

  @Test func `folding with another epsilon is proven against the source`() throws {
    let folder = try TemporaryFolder()
    let (input, output) = (Fixtures.path("checkpoints/resnet_basic.pth"), folder.file("model.swt"))
    Tool(
      "convert", input, "-o", output, "--fold-bn", "--bn-eps", "0.01", "--golden",
      Fixture.golden("resnet_basic"))
    let report = try Tool("verify", output, "--source", input, "--format", "json").json()
    #expect(report["source"]?["differing"]?.array?.isEmpty == true)
    #expect(report["verdict"]?.string == "fail")
  }

  @Test func `a dilation with another number of stages does not fit`() throws {
    let (tool, _) = try convert(StateDictFile(Self.network), ["--dilation", "1,1,2"])
    #expect(tool.status == .weightsDiffer)
    #expect(tool.errors.contains("dilations are given for 3 stages; the network has 4"))
  }
}
