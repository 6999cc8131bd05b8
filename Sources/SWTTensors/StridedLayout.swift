package import SWTBytes

/// The layout of a tensor in its storage; strides and offsets are in elements.
public struct StridedLayout: Hashable, Sendable {
  /// Logical (PyTorch) shape; empty for rank 0.
  public let shape: [Int]
  /// Distance between neighbors along each dimension; may be zero (an expanded dimension) but not negative.
  public var strides: [Int] { ownStrides ?? Self.contiguousStrides(shape) }
  /// The strides, unless they are those of contiguous elements, as nearly all are.
  private let ownStrides: [Int]?
  /// Index in the storage of the tensor's first element.
  public let offset: Int
  /// Product of the shape, checked not to overflow.
  public let elementCount: Int
  /// Elements that the storage must hold, checked not to overflow; 0 if the tensor is empty.
  public let requiredElements: Int

  /// Validates the layout; an invalid one cannot exist.
  ///
  /// An empty list of strides with a non-empty shape means contiguous, as in PyTorch.
  ///
  /// - Throws: ``ParseFailure`` for negative numbers, lists of different lengths and every overflow.
  package init(shape: [Int], strides: [Int]?, offset: Int = 0) throws(ParseFailure) {
    guard offset >= 0 else { throw ParseFailure(.invalid("negative storage offset \(offset)")) }
    if let bad = shape.first(where: { $0 < 0 }) {
      throw ParseFailure(.invalid("negative dimension \(bad)"))
    }
    let count = try Checked.product(shape, "element count")
    var own: [Int]?
    if let strides, !(strides.isEmpty && !shape.isEmpty) {
      guard strides.count == shape.count else {
        throw ParseFailure(.invalid("\(shape.count) dimensions but \(strides.count) strides"))
      }
      if let bad = strides.first(where: { $0 < 0 }) {
        throw ParseFailure(.invalid("negative stride \(bad)"))
      }
      if strides != Self.contiguousStrides(shape) { own = strides }
    }
    var last = offset
    if count > 0, let own {
      for (size, stride) in zip(shape, own) where size > 1 {
        last = try Checked.add(last, try Checked.multiply(size - 1, stride, "extent"), "extent")
      }
    } else if count > 0 {
      last = try Checked.add(last, count - 1, "extent")
    }
    self.shape = shape
    ownStrides = own
    self.offset = offset
    elementCount = count
    requiredElements = count == 0 ? 0 : try Checked.add(last, 1, "extent")
  }

  /// Row-major strides; saturates instead of overflowing, which is possible only for empty tensors.
  package static func contiguousStrides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    var step = 1
    for i in shape.indices.reversed() {
      strides[i] = step
      let (product, overflow) = step.multipliedReportingOverflow(by: max(shape[i], 1))
      step = overflow ? Int.max : product
    }
    return strides
  }

  /// Whether the elements are row-major without gaps; dimensions of size 1 may have any stride.
  public var isContiguous: Bool {
    guard elementCount > 1, let strides = ownStrides else { return true }
    var step = 1
    for i in shape.indices.reversed() where shape[i] != 1 {
      guard strides[i] == step else { return false }
      step *= shape[i]
    }
    return true
  }
}
