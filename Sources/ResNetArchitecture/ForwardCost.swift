/// What a forward pass asks for, known from the shape of its input alone.
public struct ForwardCost: Equatable, Sendable {
  /// Elements of the input and of the outputs of all stages together; `Int.max` if there are more.
  public private(set) var activations: Int
  /// Multiply-adds of the convolutions and the classifier; `Int.max` if there are more.
  public private(set) var multiplyAdds = 0

  /// - Parameters:
  ///   - tree: The network.
  ///   - shape: The input's shape, `[N, 3, H, W]`, each at least 1.
  public init(_ tree: LayerTree, shape: [Int]) {
    activations = 0
    guard shape.count == 4 else { return }
    let images = shape[0]
    var (height, width) = (shape[2], shape[3])
    activations = Self.product([images, shape[1], height, width])

    func pixels(_ channels: Int) -> Int { Self.product([images, channels, height, width]) }
    func run(_ unit: ConvolutionUnit, moves: Bool = true) {
      if moves { (height, width) = (unit.outputSize(height), unit.outputSize(width)) }
      add(&multiplyAdds, Self.product([images, height, width] + unit.weightShape))
    }
    func add(_ sum: inout Int, _ value: Int) {
      let (result, overflow) = sum.addingReportingOverflow(value)
      sum = overflow ? .max : result
    }

    for unit in tree.stem.units {
      run(unit)
      add(&activations, pixels(unit.outputChannels))
    }
    if let pool = tree.maxPool {
      (height, width) = (pool.outputSize(height), pool.outputSize(width))
      add(&activations, pixels(tree.stem.units.last?.outputChannels ?? 0))
    }
    for block in tree.blocks {
      for unit in block.body { run(unit) }
      if let downsample = block.downsample { run(downsample, moves: false) }
      add(&activations, pixels(block.outputChannels))
    }
    if let head = tree.head {
      add(&multiplyAdds, Self.product([images, head.inputFeatures, head.outputFeatures]))
    }
  }

  private static func product(_ factors: [Int]) -> Int {
    factors.reduce(1) { product, factor in
      let (result, overflow) = product.multipliedReportingOverflow(by: factor)
      return overflow ? .max : result
    }
  }
}
