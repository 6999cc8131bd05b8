internal import SWTBytes
internal import SWTTensors

/// The chunks of a tensor: boxes that together are the whole, each stored somewhere else.
///
/// Boxes are sorted by their offsets, which is the order of their first elements in the whole.
struct ChunkTable: Sendable {
  /// The shape of the whole tensor.
  let shape: [Int]
  /// Per chunk its offsets, then its sizes; empty for one chunk that is the whole, as most tensors have.
  private let boxes: [Int]
  /// Position of each chunk in the list that the table was made from; empty for one that is the whole.
  private let order: [Int]
  /// The number of chunks that have elements.
  let count: Int

  /// What to do if the chunks of a checkpoint do not fit together.
  static let remedy = "copy the checkpoint again from where it was saved, or save it again"

  /// - Parameters:
  ///   - shape: The whole.
  ///   - chunks: Offsets and sizes of each chunk, of the rank of the whole. Chunks without elements are left
  ///     out of the table.
  /// - Throws: ``ParseFailure`` unless the chunks are disjoint and cover the whole exactly.
  init(shape: [Int], chunks: [(offsets: [Int], sizes: [Int])]) throws(ParseFailure) {
    let total = try Checked.product(shape, "element count")
    for (offsets, sizes) in chunks { try Self.requireInside(offsets, sizes, shape) }
    let order = chunks.indices.filter { !chunks[$0].sizes.contains(0) }
      .sorted { chunks[$0].offsets.lexicographicallyPrecedes(chunks[$1].offsets) }
    self.shape = shape
    self.order = order
    count = order.count
    var boxes: [Int] = []
    boxes.reserveCapacity(2 * shape.count * order.count)
    for index in order {
      boxes += chunks[index].offsets
      boxes += chunks[index].sizes
    }
    self.boxes = boxes
    var covered = 0
    for index in order {
      covered = try Checked.add(
        covered, try Checked.product(chunks[index].sizes, "element count"), "element count")
    }
    // Inside the whole, disjoint, and of the same volume: then they cover it.
    if let (a, b) = try Disjointness.violation(boxes: boxes, count: count, rank: shape.count) {
      throw ParseFailure(.invalid("the chunks at \(offsets(a)) and at \(offsets(b)) overlap; \(Self.remedy)"))
    }
    guard covered == total else {
      throw ParseFailure(
        .invalid(
          "its chunks have \(covered) of the \(total) elements of shape \(shape): a chunk is missing; "
            + Self.remedy))
    }
  }

  /// A tensor whose only chunk is the whole.
  ///
  /// - Throws: ``ParseFailure`` if the shape is not one.
  init(whole shape: [Int]) throws(ParseFailure) {
    if let bad = shape.first(where: { $0 < 0 }) { throw ParseFailure(.invalid("negative dimension \(bad)")) }
    count = try Checked.product(shape, "element count") == 0 ? 0 : 1
    self.shape = shape
    (boxes, order) = ([], [])
  }

  private static func requireInside(
    _ offsets: [Int], _ sizes: [Int], _ shape: [Int]
  ) throws(ParseFailure) {
    guard offsets.count == shape.count, sizes.count == shape.count else {
      throw ParseFailure(
        .invalid("a chunk has \(offsets.count) offsets and \(sizes.count) sizes; the tensor has \(shape)"))
    }
    for (dimension, size) in shape.enumerated() {
      let (start, length) = (offsets[dimension], sizes[dimension])
      guard start >= 0, length >= 0, start <= size, length <= size - start else {
        throw ParseFailure(.invalid("the chunk \(sizes) at \(offsets) is not inside the shape \(shape)"))
      }
    }
  }

  var rank: Int { shape.count }

  private var isWhole: Bool { order.isEmpty }

  /// Position of a chunk in the list that the table was made from.
  func position(_ chunk: Int) -> Int { isWhole ? chunk : order[chunk] }

  func offsets(_ chunk: Int) -> ArraySlice<Int> {
    isWhole
      ? ArraySlice(repeating: 0, count: rank) : boxes[2 * rank * chunk..<(2 * chunk + 1) * rank]
  }

  func sizes(_ chunk: Int) -> ArraySlice<Int> {
    isWhole ? shape[...] : boxes[(2 * chunk + 1) * rank..<(2 * chunk + 2) * rank]
  }

  /// The number of elements of a chunk.
  func elementCount(_ chunk: Int) -> Int { sizes(chunk).reduce(1, *) }
}

// MARK: - Order

extension ChunkTable {
  /// The row-major index in the whole of a chunk's element.
  func wholeIndex(_ element: Int, of chunk: Int) -> Int {
    let (offsets, sizes) = (offsets(chunk), sizes(chunk))
    var (rest, step, index) = (element, 1, 0)
    for dimension in shape.indices.reversed() {
      let size = sizes[sizes.startIndex + dimension]
      index += (offsets[offsets.startIndex + dimension] + rest % size) * step
      rest /= size
      step *= shape[dimension]
    }
    return index
  }

  /// The number of elements of a chunk that come before an index of the whole, in row-major order.
  ///
  /// Both have the same order, so the elements of the chunk in any range of the whole are a range of the
  /// chunk.
  func elements(of chunk: Int, before index: Int) -> Int {
    let (offsets, sizes) = (offsets(chunk), sizes(chunk))
    var whole = shape.reduce(1, *)
    guard index < whole else { return elementCount(chunk) }
    var (rest, inner, count) = (index, elementCount(chunk), 0)
    for dimension in 0..<rank {
      whole /= shape[dimension]
      let size = sizes[sizes.startIndex + dimension]
      inner /= size
      let within = rest / whole - offsets[offsets.startIndex + dimension]
      rest %= whole
      if within < 0 { return count }
      if within >= size { return count + size * inner }
      count += within * inner
    }
    return count
  }

  /// The number of a chunk's elements that are contiguous in the whole: its innermost dimensions, up to the
  /// first that it has only a part of.
  func runLength(_ chunk: Int) -> Int {
    let sizes = sizes(chunk)
    var run = 1
    for dimension in shape.indices.reversed() {
      let size = sizes[sizes.startIndex + dimension]
      run *= size
      if size != shape[dimension] { break }
    }
    return run
  }
}
