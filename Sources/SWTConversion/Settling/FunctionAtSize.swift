internal import ResNetArchitecture

/// What a network computes of a picture of one size, as far as conventions determine it: which values of its
/// input each layer combines. On small pictures different conventions may be the same function: a dilated 3×3
/// reads a single pixel of a map of 1×1, however far apart its taps are.
struct FunctionAtSize: Hashable {
  private var layers: [[Int]] = []
  private var kinds: [PoolUnit.Kind] = []

  /// Along both sides; what the two sizes determine together follows from each alone.
  init(_ tree: LayerTree, height: Int, width: Int) {
    for size in [height, width] {
      var size = size
      func reads(_ kernel: Int, _ stride: Int, _ padding: Int, _ dilation: Int, _ output: Int, isPool: Bool) {
        var indices: [Int] = [size, output]
        for start in 0..<output {
          for tap in 0..<kernel {
            let index = start * stride - padding + tap * dilation
            // A maximum does not depend on which tap reads a value.
            if index >= 0, index < size { indices += isPool ? [index] : [tap, index] }
          }
          indices.append(-1)
        }
        layers.append(indices)
      }
      func add(_ unit: ConvolutionUnit) {
        let output = unit.outputSize(size)
        reads(unit.kernel, unit.stride, unit.padding, unit.dilation, output, isPool: false)
        size = output
      }
      func add(_ pool: PoolUnit) {
        kinds.append(pool.kind)
        let output = pool.outputSize(size)
        reads(pool.kernel, pool.stride, pool.padding, 1, output, isPool: true)
        size = output
      }
      for unit in tree.stem.units { add(unit) }
      if let pool = tree.maxPool { add(pool) }
      if let blur = tree.poolBlur { add(blur) }
      for block in tree.blocks {
        let input = size
        if case .projection(let unit, let pool) = block.shortcut {
          if let pool { add(pool) }
          add(unit)
          size = input
        }
        for (index, unit) in block.body.enumerated() {
          add(unit)
          if index == block.antialiasedIndex, let filter = block.antialiasing { add(filter) }
        }
      }
    }
  }
}
