import ResNetArchitecture
import SWTCommands
internal import SWTConsole
import TestSupport
import Testing

/// Checkpoints that are almost a network: each is refused, and the message names the root cause.
@Suite struct WrongCheckpointTests {
  struct Wrong: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let make: @Sendable () -> StateDictFile
    let options: [String]
    let cause: String

    init(
      _ description: String, _ options: [String], _ cause: String,
      _ make: @escaping @Sendable () -> StateDictFile
    ) {
      (testDescription, self.options, self.cause, self.make) = (description, options, cause, make)
    }

    init(_ description: String, _ cause: String, _ make: @escaping @Sendable () -> StateDictFile) {
      self.init(description, [], cause, make)
    }
  }

  static let bottleneck = Architecture(
    block: .bottleneck, layers: [2, 3, 3, 2], groups: 4, widthPerGroup: 64, classCount: 10, basePlanes: 8)
  static let basic = Architecture(block: .basic, layers: [1, 2, 2, 1], classCount: 1000, basePlanes: 8)
  static var resnext: StateDictFile { StateDictFile(bottleneck) }
  static var resnet: StateDictFile { StateDictFile(basic) }

  static let structure: [Wrong] = [
    Wrong(
      "a missing block", "layer3 has 2 of 3 blocks: layer3.1 is missing; 15 missing: layer3.1 (15 tensors)"
    ) {
      resnext.without("layer3.1.")
    },
    Wrong("two missing blocks", "layer2 has 1 of 3 blocks: layer2.0, layer2.1 are missing") {
      resnext.without("layer2.0.").without("layer2.1.")
    },
    Wrong("a missing last block", ["--arch", "resnet18"], "layer2 has 1 of 2 blocks: layer2.1 is missing") {
      StateDictFile(Architecture(block: .basic, layers: [2, 2, 2, 2])).without("layer2.1.")
    },
    Wrong("a missing last stage", "layer4 is missing: there are only 3 of 4 stages") {
      resnext.without("layer4.")
    },
    Wrong("a missing middle stage", "layer2 is missing, although layer4 exists") {
      resnext.without("layer2.")
    },
    Wrong("a fifth stage", "there is a layer5, although resnext_2-3-3-2_4x64d_base8 has 4 stages") {
      resnext
        + StateDictFile(resnext.tensors.filter { $0.name.hasPrefix("layer4") }).renaming {
          "layer5" + $0.dropFirst(6)
        }
    },
    Wrong(
      "swapped stages",
      "stages are swapped: layer2 has 128 channels, layer3 has 64 channels"
    ) {
      resnext.renaming { name in
        if name.hasPrefix("layer2") { return "layer3" + name.dropFirst(6) }
        return name.hasPrefix("layer3") ? "layer2" + name.dropFirst(6) : name
      }
    },
    Wrong("a stage of another width", "layer3 has 160 channels instead of 128, twice those of layer2") {
      resnext.shaping { name, shape in
        name.hasPrefix("layer3") && name.contains("conv3") ? [160] + shape.dropFirst() : shape
      }
    },
    Wrong("no stem", "the stem is missing: there is no conv1.weight") { resnext.without("conv1.") },
    Wrong(
      "half of a wrapper", "164 of its 212 keys have the prefix 'module.', the others have no prefix"
    ) {
      resnext.renaming {
        $0.hasPrefix("layer1") || $0.hasPrefix("conv1") || $0.hasPrefix("bn1") ? $0 : "module." + $0
      }
    },
    Wrong(
      "a wrapper that only the first layers have",
      "6 of its 212 keys have no prefix, the others have the prefix 'module.'"
    ) {
      resnext.renaming { $0.hasPrefix("conv1") || $0.hasPrefix("bn1") ? $0 : "module." + $0 }
    },
    Wrong(
      "two networks", "it contains 2 networks, under 'actor.', 'critic.'"
    ) { resnet.renaming { "actor." + $0 } + resnext.renaming { "critic." + $0 } },
    Wrong("two running averages", "it contains 2 networks, under 'model_ema.', 'state_dict_ema.'") {
      resnet.renaming { "model_ema." + $0 } + resnet.renaming { "state_dict_ema." + $0 }
    },
  ]

  static let tensors: [Wrong] = [
    Wrong("no running statistics", "no BatchNorm has running_mean and running_var: the parameters were saved")
    {
      resnext.without { $0.contains("running_") || $0.contains("num_batches") }
    },
    Wrong("one missing variance", "layer2.0.bn1.running_var is missing; 1 missing: layer2.0.bn1.running_var")
    {
      resnext.without("layer2.0.bn1.running_var")
    },
    Wrong(
      "BatchNorm folded in",
      "there is no BatchNorm and convolutions have biases: it is already folded into them"
    ) {
      let tree = LayerTree(bottleneck)
      return StateDictFile(tree.parameters(isFolded: true).map { ($0.name, $0.shape) })
    },
    Wrong("a convolution with a bias", "a convolution has a bias besides BatchNorm (conv1.bias)") {
      resnext.with("conv1.bias", [8])
    },
    Wrong(
      "no shortcut where the shape changes",
      "layer2.0 changes the shape but has no shortcut: layer2.0.downsample.0.weight is missing"
    ) { resnext.without("layer2.0.downsample") },
    Wrong("other groups in one block", "layer2.1.conv2.weight has 8 groups; the first block has 4") {
      resnext.shaping("layer2.1.conv2.weight", [64, 8, 3, 3])
    },
    Wrong(
      "another number of groups than asked for", ["--arch", "resnext101_64x4d"],
      "layer1.0.conv2.weight has 32 groups"
    ) { StateDictFile(Architecture.named("resnext101_32x8d") ?? basic) },
    Wrong("TensorFlow's order of dimensions", "conv1.weight is [7, 7, 3, 8]: height, width, in, out") {
      resnet.shaping { _, shape in shape.count == 4 ? [shape[2], shape[3], shape[1], shape[0]] : shape }
    },
    Wrong("a stem of 5×7", "conv1 is 5×7; in a ResNet its kernel is square") {
      resnet.shaping("conv1.weight", [8, 3, 5, 7])
    },
    Wrong("a BatchNorm of another length", "layer2.0.bn2.weight is [15], expected [16]") {
      resnet.shaping("layer2.0.bn2.weight", [15])
    },
    Wrong(
      "Res2Net", "layer1.0.convs.0.weight is Res2Net's split convolutions, which is another network"
    ) { resnext.with("layer1.0.convs.0.weight", [8, 8, 3, 3]) },
    Wrong("a deformable convolution", "is a deformable convolution, which is another network") {
      resnext.with("layer3.0.conv2_offset.weight", [18, 32, 3, 3])
    },
  ]

  /// Sizes that overflow unchecked arithmetic; without elements, so the files stay small.
  static let claims: [Wrong] = [
    Wrong(
      "stages of 2^62 channels", "it looks like a ResNet (torchvision), but layer1.0.conv3.weight has shape"
    ) {
      resnext.shaping { name, shape in
        name.contains("conv3") ? [1 << 62, 0] + shape.dropFirst(2) : shape
      }
    },
    Wrong("an fc of 2^40 classes", "but fc.bias is [10], while fc.weight has 1099511627776 classes") {
      resnext.shaping("fc.weight", [1 << 40, 0])
    },
  ]

  static let heads: [Wrong] = [
    Wrong("a transposed fc", "fc.weight is [256, 10], which is transposed: PyTorch's is [classes, 256]") {
      resnext.shaping("fc.weight", [256, 10])
    },
    Wrong(
      "a 5-class head of another body",
      "fc takes 64 features, while the last stage has 256: another network's head of 5 classes"
    ) { resnext.shaping("fc.weight", [5, 64]).shaping("fc.bias", [5]) },
    Wrong("a bias for other classes", "fc.bias is [1000], while fc.weight has 10 classes") {
      resnext.shaping("fc.bias", [1000])
    },
    Wrong("fc without a weight", "fc.bias exists without fc.weight") { resnext.without("fc.weight") },
    Wrong("an extra head", "aux_fc is an extra head besides fc") {
      resnext.with("aux_fc.weight", [10, 256]).with("aux_fc.bias", [10])
    },
    Wrong(
      "a head of two layers", "its head is a sequence of layers, fc.0 and fc.2"
    ) {
      resnext.without("fc.").with("fc.0.weight", [64, 256]).with("fc.0.bias", [64]).with(
        "fc.2.weight", [5, 64])
    },
    Wrong("a missing block under Hugging Face's names", "layer3 has 1 of 2 blocks: layer3.0 is missing") {
      StateDictFile([
        ("embedder.embedder.convolution.weight", [8, 3, 7, 7]),
        ("encoder.stages.0.layers.0.layer.0.convolution.weight", [8, 8, 3, 3]),
        ("encoder.stages.1.layers.0.layer.0.convolution.weight", [16, 8, 3, 3]),
        ("encoder.stages.2.layers.1.layer.0.convolution.weight", [32, 32, 3, 3]),
        ("encoder.stages.3.layers.0.layer.0.convolution.weight", [64, 32, 3, 3]),
      ])
    },
    Wrong("an optimizer's state", "the names are those of an optimizer's state (state.0.exp_avg)") {
      StateDictFile([("state.0.exp_avg", [4]), ("state.0.exp_avg_sq", [4])])
    },
    Wrong("a VGG network", "the names are those of a VGG network or an AlexNet (features.0.weight)") {
      StateDictFile([("features.0.weight", [64, 3, 3, 3]), ("classifier.0.weight", [10, 10])])
    },
    Wrong("a vision transformer by Hugging Face's names", "a vision transformer (vit.embeddings.cls_token)") {
      StateDictFile([("vit.embeddings.cls_token", [1, 1, 8]), ("classifier.weight", [5, 8])])
    },
    Wrong("three names", "its tensors are a, b, c;") { StateDictFile([("a", [1]), ("b", [1]), ("c", [1])]) },
    Wrong("four names", "its tensors are a, b, c, …;") {
      StateDictFile([("a", [1]), ("b", [1]), ("c", [1]), ("d", [1])])
    },
    Wrong("nothing", "it contains no tensors") { StateDictFile([]) },
  ]

  @Test(arguments: structure + tensors + claims + heads)
  func `a wrong checkpoint is refused with its root cause`(wrong: Wrong) throws {
    let folder = try TemporaryFolder()
    let input = folder.file("model.pth")
    try writeFile(input, wrong.make().bytes)
    let output = folder.file("model.swt")
    let tool = Tool(["convert", input, "-o", output] + wrong.options)
    #expect(tool.status == .weightsDiffer, "\(tool.output)\(tool.errors)")
    #expect(tool.errors.contains(wrong.cause), "\(tool.errors)")
    #expect(tool.errors.split(separator: "\n").count == 1)
    #expect(tool.output.isEmpty)
    #expect(try folder.names() == ["model.pth"])
  }

  /// The same base checkpoints convert, so each refusal above is due to its one change.
  @Test(arguments: [bottleneck, basic])
  func `the checkpoints that they are made from convert`(architecture: Architecture) throws {
    let folder = try TemporaryFolder()
    let input = folder.file("model.pth")
    try writeFile(input, StateDictFile(architecture).bytes)
    let tool = Tool("convert", input, "-o", folder.file("model.swt"))
    #expect(tool.status == .success, "\(tool.errors)")
  }
}
