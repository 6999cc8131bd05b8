import ResNetArchitecture
import Testing

@Suite struct LayerTreeTests {
  /// Parameter counts stated by torchvision for its weights (`num_params`), and by Facebook's loader for its
  /// networks.
  @Test(arguments: [
    ("resnet18", 11_689_512), ("resnet34", 21_797_672), ("resnet50", 25_557_032),
    ("resnet101", 44_549_160), ("resnet152", 60_192_808), ("resnext50_32x4d", 25_028_904),
    ("resnext101_32x8d", 88_791_336), ("resnext101_64x4d", 83_455_272),
    ("resnext101_32x4d", 44_177_704), ("resnext101_32x16d", 194_026_792),
    ("resnext101_32x32d", 468_530_472), ("resnext101_32x48d", 828_411_176),
    ("resnext152_32x4d", 59_951_400), ("wide_resnet50_2", 68_883_240),
    ("wide_resnet101_2", 126_886_696),
  ])
  func `parameter counts equal the published ones`(name: String, count: Int) throws {
    let tree = LayerTree(try #require(Architecture.named(name)))
    #expect(tree.parameterCount == count)
    #expect(tree.architecture.name == name)
  }

  /// Billions of multiply-adds at 224×224, stated by torchvision for its weights (`_ops`).
  @Test(arguments: [
    ("resnet18", 1.814), ("resnet34", 3.664), ("resnet50", 4.089), ("resnet101", 7.801),
    ("resnet152", 11.514),
    ("resnext50_32x4d", 4.23), ("resnext101_32x8d", 16.414), ("resnext101_64x4d", 15.46),
    ("wide_resnet50_2", 11.398), ("wide_resnet101_2", 22.753),
  ])
  func `multiply-adds equal the published ones`(name: String, billions: Double) throws {
    let table = LayerTable(LayerTree(try #require(Architecture.named(name))))
    #expect((Double(table.multiplyAdds) / 1e6).rounded() == (billions * 1e3).rounded())
  }

  /// Key counts of torchvision's state dicts, with and without `num_batches_tracked`.
  @Test(arguments: [
    ("resnet18", 122, 102), ("resnet50", 320, 267), ("resnext101_32x8d", 626, 522),
    ("resnet152", 932, 777),
  ])
  func `state dicts have torchvision's number of keys`(name: String, all: Int, needed: Int) throws {
    let parameters = LayerTree(try #require(Architecture.named(name))).parameters
    #expect(parameters.count == all)
    #expect(parameters.filter { !$0.isOptional }.count == needed)
    #expect(Set(parameters.map(\.name)).count == all)
  }

  @Test func `a basic block that keeps the shape has no projection`() throws {
    let tree = LayerTree(try #require(Architecture.named("resnet18")))
    #expect(tree.blocks[0].downsample == nil)
    #expect(tree.blocks[2].downsample?.stride == 2)
    let bottleneck = LayerTree(try #require(Architecture.named("resnet50")))
    #expect(bottleneck.blocks[0].downsample?.stride == 1)
  }

  @Test func `headless networks end with the last stage`() {
    let tree = LayerTree(Architecture(block: .bottleneck, layers: [1, 1, 1, 1], classCount: nil))
    #expect(tree.outputName == "layer4")
    #expect(tree.tapNames.last == "layer4.0")
    #expect(!tree.parameters.contains { $0.name.hasPrefix("fc.") })
  }
}
