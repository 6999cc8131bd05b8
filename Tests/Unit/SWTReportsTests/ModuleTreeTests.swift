import ResNetArchitecture
import SWTReports
import Testing

/// The tree of modules that dots in names make, and what one may know from a name alone.
@Suite struct ModuleTreeTests {
  private static func leaf(
    _ name: String, _ shape: [Int] = [4, 2], isParameter: Bool = true, isRepeat: Bool = false
  ) -> Module.Leaf {
    Module.Leaf(
      name: name, dtype: "float32", shape: shape, bytes: 4 * shape.reduce(1, *), isParameter: isParameter,
      isRepeat: isRepeat)
  }

  @Test func `modules lie in each other as dots say, in the order of the file`() {
    let names = [
      "conv1.weight", "layer1.0.conv1.weight", "layer1.0.bn1.weight", "layer1.1.conv1.weight", "fc.bias",
      "top",
    ]
    let tree = Module.tree(names.map { Self.leaf($0) })
    #expect(tree.modules.map(\.label) == ["conv1", "layer1", "fc"] && tree.tensors == [5])
    let layer = tree.modules[1]
    #expect(layer.modules.map(\.label) == ["0", "1.conv1"])
    #expect(layer.modules[0].modules.map(\.label) == ["conv1", "bn1"] && layer.modules[1].tensors == [3])
    #expect(tree.tensorCount == 6 && tree.parameters == 48 && tree.bytes == 192 && layer.tensorCount == 3)
  }

  @Test func `values that lie in the file once count once, buffers are no parameters`() {
    let tree = Module.tree([
      Self.leaf("a.weight", [10]), Self.leaf("b.weight", [10], isRepeat: true),
      Self.leaf("a.running_mean", [10], isParameter: false),
    ])
    #expect(tree.tensorCount == 3 && tree.parameters == 10 && tree.bytes == 80)
  }

  @Test func `equal neighbors that are numbered one after the other are a run`() {
    func blocks(_ numbers: [Int], wide: Int? = nil) -> [Module.Leaf] {
      numbers.flatMap { n in
        [Self.leaf("s.\(n).conv.weight", n == wide ? [8, 2] : [4, 2]), Self.leaf("s.\(n).bn.weight", [4])]
      }
    }
    #expect(Module.tree(blocks([0, 1, 2, 3])).modules[0].runs == [0..<4])
    #expect(Module.tree(blocks([0, 1, 3, 4])).modules[0].runs == [0..<2, 2..<4])
    #expect(Module.tree(blocks([0, 1, 2, 3], wide: 0)).modules[0].runs == [0..<1, 1..<4])
    #expect(Module.tree([Self.leaf("a.weight"), Self.leaf("b.weight")]).runs == [0..<1, 1..<2])
  }

  @Test func `names of dots, of nothing and of a thousand parts are a tree too`() {
    let deep = (0..<1000).map { "\($0)" }.joined(separator: ".")
    let names = [".", "..", "", "a..b", "a.", ".a", deep, deep + ".x"]
    let tree = Module.tree(names.map { Self.leaf($0) })
    #expect(tree.tensorCount == names.count)
    func all(_ module: Module) -> [Int] { module.tensors + module.modules.flatMap { all($0) } }
    #expect(all(tree).sorted() == Array(names.indices))
    func depth(_ module: Module) -> Int { 1 + (module.modules.map { depth($0) }.max() ?? 0) }
    #expect(depth(tree) < 50)
  }

  @Test func `sizes beyond all numbers stay the largest`() {
    let leaf = Module.Leaf(
      name: "a.b", dtype: "float32", shape: [Int.max, 2], bytes: Int.max, isParameter: true, isRepeat: false)
    let tree = Module.tree([leaf, leaf])
    #expect(leaf.elements == Int.max && tree.parameters == Int.max && tree.bytes == Int.max)
  }

  @Test(
    arguments: [
      ("conv1.weight", [8, 3, 3, 3], nil, .filter), ("fc.weight", [10, 8], nil, .filter),
      ("bn.running_var", [8], nil, .runningVariance), ("bn.weight", [8], nil, .normWeight),
      ("bn.bias", [8], nil, nil),
      ("lonely.weight", [8], nil, nil), ("table", [8, 8], nil, nil), ("scalar", [], nil, nil),
      ("w", [8, 3, 3, 3], .normBias, nil), ("w", [8], .runningVar, .runningVariance),
      ("w", [8, 8], .linearWeight, .filter), ("w", [1 << 20, 2], .linearWeight, nil),
      ("none.weight", [0, 4], nil, nil),
    ] as [(String, [Int], ParameterSpec.Role?, ChannelFindings.Rule?)])
  func `what makes a channel dead follows from role, or from name and shape`(
    name: String, shape: [Int], role: ParameterSpec.Role?, rule: ChannelFindings.Rule?
  ) {
    let found = ChannelFindings.Rule(name: name, shape: shape, role: role) { $0 == "bn.running_var" }
    #expect(found == rule)
  }
}
