/// How a loader wants the elements of a tensor to lie in memory.
///
/// Engines differ: PyTorch keeps convolution weights as OIHW, Core ML and TensorFlow Lite as OHWI, and vector kernels want
/// blocks of channels innermost. A layout is a list of levels, outermost first; ``TensorView/floats(_:)`` makes it.
public struct SWTLayout: Hashable, Sendable {
  /// One loop of the nest that walks the elements in memory order.
  public enum Level: Hashable, Sendable {
    /// All of a logical dimension; of one that is blocked further inside, its blocks.
    case dimension(Int)
    /// `size` neighbours along a logical dimension. The last block is filled up with zeros.
    case block(Int, size: Int)
  }

  /// Outermost first; nil is row-major for any rank.
  let levels: [Level]?

  /// PyTorch's own order: the last dimension runs fastest.
  public static let rowMajor = SWTLayout(levels: nil)

  /// Row-major over other dimensions: the logical dimension at each position, outermost first.
  public static func order(_ dimensions: [Int]) -> SWTLayout {
    SWTLayout(levels: dimensions.map { .dimension($0) })
  }

  /// Any nest of loops. Each dimension has to appear once, and each blocked one once more as its block, further in.
  public static func nest(_ levels: [Level]) -> SWTLayout { SWTLayout(levels: levels) }

  /// Convolution weights for engines that keep channels last: `[out][height][width][in]`.
  public static let ohwi = order([0, 2, 3, 1])

  /// Convolution weights for a kernel that computes `outputs` channels at once: `[out / n][in][height][width][n]`.
  public static func blocked(outputs: Int) -> SWTLayout {
    nest([.dimension(0), .dimension(1), .dimension(2), .dimension(3), .block(0, size: outputs)])
  }

  /// The same with blocks of input channels: `[out / n][in / m][height][width][m][n]`.
  public static func blocked(inputs: Int, outputs: Int) -> SWTLayout {
    nest([
      .dimension(0), .dimension(1), .dimension(2), .dimension(3), .block(1, size: inputs),
      .block(0, size: outputs),
    ])
  }
}

/// A layout worked out for one shape: what one step of each loop adds.
struct LoopNest {
  struct Loop {
    let count: Int
    let dimension: Int
    /// Added to the logical index of the dimension by one step.
    let step: Int
  }

  let loops: [Loop]
  /// Elements in memory, filled up blocks included.
  let elementCount: Int

  /// - Precondition: The layout names each dimension of the shape once, and each block once with a size above zero.
  init(_ layout: SWTLayout, shape: [Int]) {
    let levels = layout.levels ?? shape.indices.map { .dimension($0) }
    var blocks: [Int: Int] = [:]
    var seen: Set<Int> = []
    for case .block(let dimension, let size) in levels {
      precondition(
        size > 0 && blocks.updateValue(size, forKey: dimension) == nil, "a dimension is blocked twice")
    }
    var loops: [Loop] = []
    for level in levels {
      switch level {
      case .dimension(let dimension):
        precondition(
          shape.indices.contains(dimension) && seen.insert(dimension).inserted, "a layout of another shape")
        let block = blocks[dimension] ?? 1
        loops.append(Loop(count: (shape[dimension] + block - 1) / block, dimension: dimension, step: block))
      case .block(let dimension, let size):
        precondition(seen.contains(dimension), "a block stands inside its dimension")
        loops.append(Loop(count: size, dimension: dimension, step: 1))
      }
    }
    precondition(seen.count == shape.count, "a layout names every dimension")
    self.loops = loops
    elementCount = loops.reduce(1) { $0 * $1.count }
  }
}
