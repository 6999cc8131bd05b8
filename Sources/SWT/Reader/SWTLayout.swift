/// The memory layout in which a loader wants a tensor's elements.
///
/// Engines differ: PyTorch keeps convolution weights as OIHW, Core ML and TensorFlow Lite as OHWI, and vector
/// kernels need blocks of channels innermost. A layout is a list of levels, outermost first;
/// ``TensorView/floats(_:)`` arranges elements in it.
public struct SWTLayout: Hashable, Sendable {
  /// One loop of the nest that visits the elements in memory order.
  public enum Level: Hashable, Sendable {
    /// All indices of a logical dimension, or all blocks of one that is blocked further inside.
    case dimension(Int)
    /// `size` consecutive indices of a logical dimension. The last block is zero-padded.
    case block(Int, size: Int)
  }

  /// Outermost first; nil means row-major for any rank.
  let levels: [Level]?

  /// PyTorch's default order: the last dimension varies fastest.
  public static let rowMajor = SWTLayout(levels: nil)

  /// Permuted dimensions: the logical dimension at each position, outermost first.
  public static func order(_ dimensions: [Int]) -> SWTLayout {
    SWTLayout(levels: dimensions.map { .dimension($0) })
  }

  /// Any nest of loops. Each dimension must appear once, and each blocked dimension once more, as its block,
  /// further inside.
  public static func nest(_ levels: [Level]) -> SWTLayout { SWTLayout(levels: levels) }

  /// Convolution weights for channels-last engines: `[out][height][width][in]`.
  public static let ohwi = order([0, 2, 3, 1])

  /// Convolution weights for a kernel that computes `outputs` channels at once: `[out /
  /// n][in][height][width][n]`.
  public static func blocked(outputs: Int) -> SWTLayout {
    nest([.dimension(0), .dimension(1), .dimension(2), .dimension(3), .block(0, size: outputs)])
  }

  /// Also with blocks of input channels: `[out / n][in / m][height][width][m][n]`.
  public static func blocked(inputs: Int, outputs: Int) -> SWTLayout {
    nest([
      .dimension(0), .dimension(1), .dimension(2), .dimension(3), .block(1, size: inputs),
      .block(0, size: outputs),
    ])
  }
}

/// A layout resolved for one shape.
struct LoopNest {
  struct Loop {
    let count: Int
    let dimension: Int
    /// Increment of the dimension's logical index per iteration.
    let step: Int
  }

  let loops: [Loop]
  /// Number of elements in memory, including the padding of blocks.
  let elementCount: Int

  /// - Precondition: The layout has each dimension of the shape once, and each block once with a size above
  ///   zero.
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
          shape.indices.contains(dimension) && seen.insert(dimension).inserted,
          "the layout is for another rank, or repeats a dimension")
        let block = blocks[dimension] ?? 1
        loops.append(Loop(count: (shape[dimension] + block - 1) / block, dimension: dimension, step: block))
      case .block(let dimension, let size):
        precondition(seen.contains(dimension), "a block must be inside its dimension")
        loops.append(Loop(count: size, dimension: dimension, step: 1))
      }
    }
    precondition(seen.count == shape.count, "a layout must have every dimension")
    self.loops = loops
    elementCount = loops.reduce(1) { $0 * $1.count }
  }
}
