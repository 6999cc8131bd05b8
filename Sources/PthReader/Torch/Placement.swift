internal import SWTBytes

/// How a tensor is spread along one dimension of a mesh of ranks.
enum Placement: Equatable {
  case replicate
  case shard(Int)
  /// A shard of what later dimensions of the mesh have already split: FSDP over tensor parallelism.
  case stridedShard(Int, splitFactor: Int)

  /// The box of the whole that a rank has.
  ///
  /// Each split makes chunks of ⌈size / ranks⌉, so the last ones may be smaller or empty.
  ///
  /// - Parameters:
  ///   - shape: The whole.
  ///   - placements: One per dimension of the mesh.
  ///   - order: By dimension of the tensor, the dimensions of the mesh in the order of the splits, if stated.
  ///   - sizes: The mesh.
  ///   - coordinate: The rank's place in it.
  /// - Returns: Its first index and its size per dimension.
  /// - Throws: ``ParseFailure`` `.unsupported` if the rank's part is not one box.
  static func box(
    of shape: [Int], _ placements: [Placement], _ order: [Int: [Int]], _ sizes: [Int], _ coordinate: [Int]
  ) throws(ParseFailure) -> (offsets: [Int], sizes: [Int]) {
    var box = (offsets: [Int](repeating: 0, count: shape.count), sizes: shape)
    for dimension in shape.indices {
      for mesh in try splits(of: dimension, placements, order, sizes, shape[dimension]) {
        let size = box.sizes[dimension]
        let chunk = size / sizes[mesh] + (size % sizes[mesh] == 0 ? 0 : 1)
        let start = min(chunk.multipliedReportingOverflow(by: coordinate[mesh]).partialValue, size)
        box.offsets[dimension] += start
        box.sizes[dimension] = min(chunk, size - start)
      }
    }
    let known = Set(shape.indices)
    for case .shard(let dimension) in placements where !known.contains(dimension) {
      throw ParseFailure(.invalid("a tensor of \(shape) is split along dimension \(dimension)"))
    }
    return box
  }

  /// The dimensions of the mesh along which a dimension of the tensor is split, in order.
  private static func splits(
    of dimension: Int, _ placements: [Placement], _ order: [Int: [Int]], _ sizes: [Int], _ size: Int
  ) throws(ParseFailure) -> [Int] {
    let plain = placements.indices.filter { placements[$0] == .shard(dimension) }
    let strided = placements.indices.filter {
      if case .stridedShard(dimension, _) = placements[$0] { true } else { false }
    }
    guard !strided.isEmpty else {
      guard let stated = order[dimension] else { return plain }
      guard stated.sorted() == plain else {
        throw ParseFailure(
          .invalid("dimension \(dimension) is split in an order that is not its placements'"))
      }
      return stated
    }
    // The strided split comes last; it is one box only where everything divides evenly.
    guard strided.count == 1, let mesh = strided.first,
      case .stridedShard(_, let factor) = placements[mesh],
      plain.allSatisfy({ $0 > mesh }), plain.reduce(1, { $0 * sizes[$1] }) == factor,
      size % (factor * sizes[mesh]) == 0
    else { throw ParseFailure(.unsupported("shard that is not one contiguous part of its tensor")) }
    return plain + [mesh]
  }
}
