import ResNetArchitecture
import Testing

/// The cost of a forward pass from the input's shape.
@Suite struct ForwardCostTests {
  @Test(arguments: ["resnet18", "resnet50", "resnet152", "resnext101_64x4d", "wide_resnet50_2"])
  func `multiply-adds are those of the layer table`(_ name: String) throws {
    let tree = LayerTree(try #require(Architecture.named(name)))
    let table = LayerTable(tree)
    #expect(ForwardCost(tree, shape: [1, 3, 224, 224]).multiplyAdds == table.multiplyAdds)
    #expect(ForwardCost(tree, shape: [3, 3, 224, 224]).multiplyAdds == 3 * table.multiplyAdds)
  }

  @Test func `activations are the input's and every stage's`() throws {
    let tree = LayerTree(try #require(Architecture.named("resnet18")))
    let stages =
      64 * 112 * 112 + 64 * 56 * 56 + 2 * (64 * 56 * 56 + 128 * 28 * 28 + 256 * 14 * 14 + 512 * 7 * 7)
    #expect(ForwardCost(tree, shape: [1, 3, 224, 224]).activations == 3 * 224 * 224 + stages)
  }

  @Test func `a sum beyond all numbers is the largest one`() throws {
    let tree = LayerTree(try #require(Architecture.named("resnet18")))
    let cost = ForwardCost(tree, shape: [1 << 26, 3, 1 << 26, 1 << 26])
    #expect(cost.activations == .max && cost.multiplyAdds == .max)
  }
}
