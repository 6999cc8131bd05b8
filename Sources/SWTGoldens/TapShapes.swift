internal import ResNetArchitecture

/// The shapes of all intermediate outputs of a network for a given input, against which a golden is checked.
struct TapShapes {
  let tree: LayerTree
  /// By tap name, including single convolutions and the network's output.
  private(set) var shapes: [String: [Int]] = [:]

  /// Computes the shapes for an input `[N, 3, H, W]`, all sizes at least 1.
  init(_ tree: LayerTree, input: [Int]) {
    self.tree = tree
    let (count, height, width) = (input[0], input[2], input[3])
    var size = (height, width)
    func shape(_ channels: Int, _ size: (Int, Int)) -> [Int] { [count, channels, size.0, size.1] }

    for unit in tree.stem.units {
      size = (unit.outputSize(size.0), unit.outputSize(size.1))
      shapes[unit.name] = shape(unit.outputChannels, size)
    }
    shapes[tree.stem.name] = shape(tree.stem.outputChannels, size)
    if let pool = tree.maxPool {
      size = (pool.outputSize(size.0), pool.outputSize(size.1))
      shapes[pool.name] = shape(tree.stem.outputChannels, size)
    }
    for block in tree.blocks {
      for unit in block.body {
        size = (unit.outputSize(size.0), unit.outputSize(size.1))
        shapes[unit.name] = shape(unit.outputChannels, size)
      }
      let output = shape(block.outputChannels, size)
      if let attention = block.attention { shapes[attention.name] = output }
      if let projection = block.downsample { shapes[projection.name] = output }
      shapes[block.name] = output
      shapes[tree.outputName] = output
    }
    if let head = tree.head {
      shapes["avgpool"] = [count, head.inputFeatures]
      shapes[tree.outputName] = [count, head.outputFeatures]
    }
  }

  subscript(name: String) -> [Int]? { shapes[name] }

  /// Tap names in execution order: blocks and single convolutions.
  var order: [String] {
    var names = tree.stem.units.map(\.name)
    if names.count > 1 { names.append(tree.stem.name) }
    if let pool = tree.maxPool { names.append(pool.name) }
    for block in tree.blocks {
      names += block.body.map(\.name)
      if let attention = block.attention { names.append(attention.name) }
      if let projection = block.downsample { names.append(projection.name) }
      names.append(block.name)
    }
    return names + (tree.head == nil ? [] : ["avgpool"])
  }
}
