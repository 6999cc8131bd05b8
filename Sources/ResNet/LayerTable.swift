/// The architecture as the papers print it: a row for each layer or stage, with sizes and cost.
public struct LayerTable: Sendable {
  public struct Row: Sendable {
    /// `conv1`, `maxpool`, `layer1` … `layer4`, `avgpool, fc`.
    public let name: String
    /// The papers' notation: `[1×1, 128 | 3×3, 128, C=32 | 1×1, 256] × 3`.
    public let description: String
    /// Height and width of what comes out.
    public let outputSize: Int
    public let parameters: Int
    public let multiplyAdds: Int
  }

  public let rows: [Row]
  public let parameters: Int
  /// Multiply-adds of convolutions and the classifier for one image, as papers count "FLOPs".
  public let multiplyAdds: Int

  /// Walks the tree for a square image of `imageSize` pixels a side; 224 in the papers.
  public init(_ tree: LayerTree, imageSize: Int = 224) {
    var rows: [Row] = []
    var size = tree.stem.outputSize(imageSize)

    func cost(_ unit: ConvolutionUnit, _ output: Int) -> (parameters: Int, multiplyAdds: Int) {
      let weights = unit.weightShape.reduce(1, *)
      return (weights + 2 * unit.outputChannels, weights * output * output)
    }
    let stem = cost(tree.stem, size)
    rows.append(
      Row(
        name: "conv1", description: "7×7, \(tree.stem.outputChannels), stride 2", outputSize: size,
        parameters: stem.parameters, multiplyAdds: stem.multiplyAdds))
    size = tree.maxPool.outputSize(size)
    rows.append(
      Row(
        name: "maxpool", description: "3×3 max pool, stride 2", outputSize: size, parameters: 0,
        multiplyAdds: 0))

    for stage in tree.architecture.layers.indices {
      let blocks = tree.blocks.filter { $0.stage == stage }
      var (parameters, multiplyAdds) = (0, 0)
      for block in blocks {
        let input = size
        for unit in block.body {
          size = unit.outputSize(size)
          let part = cost(unit, size)
          parameters += part.parameters
          multiplyAdds += part.multiplyAdds
        }
        if let downsample = block.downsample {
          let part = cost(downsample, downsample.outputSize(input))
          parameters += part.parameters
          multiplyAdds += part.multiplyAdds
        }
      }
      let body = blocks[0].body.map { unit in
        let groups = unit.groups > 1 ? ", C=\(unit.groups)" : ""
        return "\(unit.kernel)×\(unit.kernel), \(unit.outputChannels)\(groups)"
      }
      rows.append(
        Row(
          name: "layer\(stage + 1)", description: "[\(body.joined(separator: " | "))] × \(blocks.count)",
          outputSize: size, parameters: parameters, multiplyAdds: multiplyAdds))
    }
    if let head = tree.head {
      let weights = head.inputFeatures * head.outputFeatures
      rows.append(
        Row(
          name: "avgpool, fc", description: "global average pool, \(head.outputFeatures)-d fc", outputSize: 1,
          parameters: weights + head.outputFeatures, multiplyAdds: weights))
    }
    self.rows = rows
    parameters = rows.reduce(0) { $0 + $1.parameters }
    multiplyAdds = rows.reduce(0) { $0 + $1.multiplyAdds }
  }
}
