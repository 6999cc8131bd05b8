import ResNetArchitecture
import Testing

/// Networks that differ from torchvision's in stem, shortcuts, gates, strides or dilation.
@Suite struct VariantTests {
  struct Published: Sendable, CustomTestStringConvertible {
    let name: String
    let parameters, multiplyAdds, keys: Int
    var testDescription: String { name }

    init(_ name: String, _ parameters: Int, _ multiplyAdds: Int, _ keys: Int) {
      self.name = name
      self.parameters = parameters
      self.multiplyAdds = multiplyAdds
      self.keys = keys
    }

    /// Of the network built by timm 1.0.31: parameters, multiply-adds of convolutions and linear layers at
    /// 224×224, and keys of the state dict.
    static let timm: [Published] = [
      .init("resnet26", 15_995_176, 2_342_256_640, 176),
      .init("resnet200", 64_673_832, 15_007_481_856, 1220),
      .init("resnet50c", 25_576_264, 4_328_824_832, 332),
      .init("resnet101c", 44_568_392, 8_041_046_016, 638),
      .init("resnet152c", 60_212_040, 11_753_267_200, 944),
      .init("resnet50s", 25_680_808, 5_444_337_664, 332),
      .init("resnet101s", 44_672_936, 9_156_558_848, 638),
      .init("resnet152s", 60_316_584, 12_868_780_032, 944),
      .init("resnet10t", 5_435_488, 1_097_259_008, 86),
      .init("resnet14t", 10_081_632, 1_676_822_528, 116),
      .init("resnet26t", 16_011_872, 2_550_286_336, 188),
      .init("resnet50t", 25_573_728, 4_297_213_952, 332),
      .init("resnet18d", 11_708_744, 2_053_713_920, 134),
      .init("resnet34d", 21_816_904, 3_903_401_984, 230),
      .init("resnet26d", 16_014_408, 2_581_897_216, 188),
      .init("resnet50d", 25_576_264, 4_328_824_832, 332),
      .init("resnet101d", 44_568_392, 8_041_046_016, 638),
      .init("resnet152d", 60_212_040, 11_753_267_200, 944),
      .init("resnet200d", 64_693_064, 15_247_122_432, 1232),
      .init("resnext50d_32x4d", 25_048_136, 4_470_120_448, 332),
      .init("seresnet18", 11_779_624, 1_814_161_408, 154),
      .init("seresnet34", 21_960_416, 3_663_920_128, 282),
      .init("seresnet50", 28_088_024, 4_091_699_200, 384),
      .init("seresnet101", 49_326_872, 7_806_148_608, 758),
      .init("seresnet152", 66_821_848, 11_520_204_800, 1132),
      .init("seresnet50t", 28_104_720, 4_299_728_896, 396),
      .init("seresnet152d", 66_841_080, 11_759_845_376, 1144),
      .init("seresnext50_32x4d", 27_559_896, 4_232_994_816, 384),
      .init("seresnext101_32x4d", 48_955_416, 7_974_739_968, 758),
      .init("seresnext101_32x8d", 93_569_048, 16_418_758_656, 758),
      .init("seresnext101_64x4d", 88_232_984, 15_465_013_248, 758),
      .init("seresnext101d_32x8d", 93_588_280, 16_658_399_232, 770),
      .init("seresnext26d_32x4d", 16_809_512, 2_711_740_416, 220),
      .init("seresnext26t_32x4d", 16_806_976, 2_680_129_536, 220),
      .init("ecaresnet26t", 16_011_916, 2_550_332_928, 196),
      .init("ecaresnet50t", 25_573_814, 4_297_301_760, 348),
      .init("ecaresnet50d", 25_576_350, 4_328_912_640, 348),
      .init("ecaresnet101d", 44_568_563, 8_041_220_864, 671),
      .init("ecaresnetlight", 30_162_046, 4_089_287_424, 336),
    ]
  }

  @Test(arguments: Published.timm)
  func `parameters, multiply-adds and keys equal timm's`(network: Published) throws {
    let tree = LayerTree(try #require(Architecture.named(network.name)))
    let table = LayerTable(tree)
    #expect(tree.architecture.name == network.name)
    #expect(tree.parameterCount == network.parameters && table.parameters == network.parameters)
    #expect(table.multiplyAdds == network.multiplyAdds)
    #expect(tree.parameters.count == network.keys)
  }

  /// He et al. 2015, table 6, gives 0.27, 0.46, 0.66, 0.85, 1.7 and 19.4 million.
  @Test(arguments: [
    ("resnet20", 269_722, 95 + 2), ("resnet32", 464_154, 155 + 2), ("resnet44", 658_586, 215 + 2),
    ("resnet56", 853_018, 275 + 2), ("resnet110", 1_727_962, 545 + 2), ("resnet1202", 19_421_274, 6005 + 2),
  ])
  func `networks for CIFAR have the published sizes`(name: String, parameters: Int, keys: Int) throws {
    let tree = LayerTree(try #require(Architecture.named(name)))
    #expect(tree.architecture.name == name && tree.architecture.imageSize == 32)
    #expect(tree.parameterCount == parameters)
    #expect(tree.parameters.filter { !$0.isOptional }.count == keys)
    #expect(tree.tapNames.starts(with: ["conv1", "layer1.0"]))
    #expect(tree.blocks.allSatisfy { $0.downsample == nil })
  }

  @Test(arguments: Architecture.published.map(\.name))
  func `every published network is inferred from shapes`(name: String) throws {
    let architecture = try #require(Architecture.named(name))
    #expect(architecture.isConsistent)
    let tree = LayerTree(architecture)
    let shapes = Dictionary(uniqueKeysWithValues: tree.parameters.map { ($0.name, $0.shape) })
    // Filters have no weights.
    var visible = architecture
    visible.antialiasing = nil
    #expect(try Architecture.inferred(from: shapes) == visible)
    #expect(StateDictFit(tree, shapes).isComplete)
  }

  @Test func `names give what shapes do not determine`() throws {
    let plain = try #require(Architecture.named("resnet50"))
    let early = try #require(Architecture.named("resnet50_v1"))
    #expect(early.name == "resnet50_v1" && early.strideOn == .conv1)
    #expect(LayerTree(early).blocks[3].body.map(\.stride) == [2, 1, 1])
    #expect(LayerTree(plain).blocks[3].body.map(\.stride) == [1, 2, 1])
    let dilated = try #require(Architecture.named("resnext50d_32x4d_v1_os8"))
    #expect(dilated.name == "resnext50d_32x4d_v1_os8")
    #expect(dilated.outputStride == 8 && plain.outputStride == 32)
    #expect(Architecture.named("resnet18_v1") == nil && Architecture.named("resnet20_os8") == nil)
    #expect(Architecture.named("resnet50_os8_os16") == nil && Architecture.named("_v1") == nil)
  }

  /// torchvision's `replace_stride_with_dilation=[False, True, True]`: the first block of a stage has the
  /// previous stage's dilation.
  @Test func `dilation replaces strides`() throws {
    let tree = LayerTree(try #require(Architecture.named("resnet50_os8")))
    func units(_ block: String) throws -> (stride: Int, dilation: Int, padding: Int) {
      let unit = try #require(tree.blocks.first { $0.name == block }).body[1]
      return (unit.stride, unit.dilation, unit.padding)
    }
    #expect(try units("layer2.0") == (2, 1, 1))
    #expect(try units("layer3.0") == (1, 1, 1))
    #expect(try units("layer3.1") == (1, 2, 2))
    #expect(try units("layer4.0") == (1, 2, 2))
    #expect(try units("layer4.2") == (1, 4, 4))
    #expect(tree.blocks.first { $0.name == "layer4.0" }?.downsample?.stride == 1)
  }

  @Test(arguments: [
    "resnet50", "resnet50_v1_os16", "resnet10t", "seresnext26d_32x4d", "ecaresnetlight", "resnet20",
  ])
  func `switches survive a round trip through metadata`(name: String) throws {
    let architecture = try #require(Architecture.named(name))
    let switches = Dictionary(uniqueKeysWithValues: architecture.switches)
    func text(_ key: String) -> String? {
      switches[key].map { if case .text(let text) = $0 { text } else { "" } }
    }
    func integers(_ key: String) -> [Int]? {
      switches[key].map { if case .integers(let numbers) = $0 { numbers } else { [] } }
    }
    var plain = architecture
    (plain.stem, plain.shortcut, plain.attention) = (.conv7x7, .projection, nil)
    (plain.strideOn, plain.dilations) = (.conv2, architecture.layers.map { _ in 1 })
    #expect(plain.switched(text: text, integers: integers) == architecture)
    // A list of the wrong length is rejected.
    #expect(plain.switched(text: text, integers: { integers($0).map { $0 + [1] } ?? [] }) == nil)
    #expect(plain.switched(text: { _ in "sideways" }, integers: integers) == nil)
  }
}

/// Sizes of square images that timm 1.0.31 accepts with PyTorch 2.13, of those up to 49.
@Suite struct AcceptedSizeTests {
  @Test(arguments: [
    // A map of one pixel has no border to reflect.
    ("resnetblur18", 17...49), ("resnetblur50d", 17...49),
    // Average pooling rounds down in the body, and up in the shortcut.
    ("resnetaa34d", 31...34),
  ])
  func `antialiased networks accept the images that PyTorch accepts`(
    name: String, sizes: ClosedRange<Int>
  ) throws {
    let tree = LayerTree(try #require(Architecture.named(name)))
    #expect((1...49).filter { tree.accepts(imageSize: $0) } == Array(sizes))
  }
}
