/// The architecture as tabulated in papers: a row per layer or stage, with sizes and cost.
public struct LayerTable: Sendable {
  /// A layer or a stage.
  public struct Row: Sendable {
    /// `conv1`, `maxpool`, `layer1` … `layer4`, `avgpool, fc`.
    public let name: String
    /// The papers' notation: `[1×1, 128 | 3×3, 128, C=32 | 1×1, 256] × 3`.
    public let description: String
    /// Height and width of the output in pixels.
    public let outputSize: Int
    /// Number of parameters: weights, biases, and the scale and shift of BatchNorms.
    public let parameters: Int
    /// Multiply-adds of convolutions, gates and the classifier for one image.
    public let multiplyAdds: Int
  }

  /// In execution order.
  public let rows: [Row]
  /// Number of parameters of the whole network.
  public let parameters: Int
  /// Multiply-adds of convolutions, gates and the classifier for one image, as papers count "FLOPs".
  public let multiplyAdds: Int

  /// Parameters and multiply-adds so far.
  private struct Cost {
    var parameters = 0
    var multiplyAdds = 0

    mutating func add(_ unit: ConvolutionUnit, output: Int) {
      let weights = unit.weightShape.reduce(1, *)
      parameters += weights + 2 * unit.outputChannels
      multiplyAdds += weights * output * output
    }

    mutating func add(_ unit: AttentionUnit) {
      for layer in unit.layers {
        parameters += layer.weightShape.reduce(1, *) + (layer.hasBias ? layer.weightShape[0] : 0)
      }
      multiplyAdds += unit.multiplyAdds
    }
  }

  /// Tabulates the tree for a square image with sides of `imageSize` pixels; 224 in the papers.
  public init(_ tree: LayerTree, imageSize: Int = 224) {
    var rows: [Row] = []
    var size = imageSize
    func add(_ name: String, _ description: String, _ cost: Cost = Cost()) {
      rows.append(
        Row(
          name: name, description: description, outputSize: size, parameters: cost.parameters,
          multiplyAdds: cost.multiplyAdds))
    }

    var cost = Cost()
    for unit in tree.stem.units {
      size = unit.outputSize(size)
      cost.add(unit, output: size)
    }
    let stem = tree.stem.units.map { $0.notation + ($0.stride > 1 ? ", stride \($0.stride)" : "") }
    add(tree.stem.name, stem.joined(separator: " | "), cost)
    if let pool = tree.maxPool {
      size = pool.outputSize(size)
      add(pool.name, "3×3 max pool, stride 2")
    }

    for stage in tree.architecture.layers.indices {
      let blocks = tree.blocks.filter { $0.stage == stage }
      var cost = Cost()
      for block in blocks {
        for unit in block.body {
          size = unit.outputSize(size)
          cost.add(unit, output: size)
        }
        if let attention = block.attention { cost.add(attention) }
        // Its output is added to the body's, so their sizes are equal.
        if let downsample = block.downsample { cost.add(downsample, output: size) }
      }
      guard let last = blocks.last else { continue }
      let body = last.body.map(\.notation) + [last.attention?.notation].compactMap(\.self)
      add("layer\(stage + 1)", "[\(body.joined(separator: " | "))] × \(blocks.count)", cost)
    }
    if let head = tree.head {
      let weights = head.inputFeatures * head.outputFeatures
      size = 1
      add(
        "avgpool, fc", "global average pool, \(head.outputFeatures)-d fc",
        Cost(parameters: weights + head.outputFeatures, multiplyAdds: weights))
    }
    self.rows = rows
    parameters = rows.reduce(0) { $0 + $1.parameters }
    multiplyAdds = rows.reduce(0) { $0 + $1.multiplyAdds }
  }
}

extension ConvolutionUnit {
  /// `3×3, 128, C=32`.
  fileprivate var notation: String {
    "\(kernel)×\(kernel), \(outputChannels)" + (groups > 1 ? ", C=\(groups)" : "")
      + (dilation > 1 ? ", dilation \(dilation)" : "")
  }
}

extension AttentionUnit {
  fileprivate var notation: String {
    switch kind {
    case .squeezeExcitation(let inner): "SE, \(inner)"
    case .eca(let kernel): "ECA, \(kernel)"
    }
  }
}
