/// A dense array with its shape: images and maps are `[N, C, H, W]`, vectors `[N, C]`, row-major.
public struct FeatureMap<Scalar: BinaryFloatingPoint & Sendable>: Hashable, Sendable {
  /// Sizes, outermost first; their product is the number of values.
  public var shape: [Int]
  /// Row-major: the last dimension varies fastest.
  public var values: [Scalar]

  /// Precondition: `values` has as many elements as `shape` says.
  public init(shape: [Int], values: [Scalar]) {
    precondition(shape.reduce(1, *) == values.count, "shape and values disagree")
    self.shape = shape
    self.values = values
  }

  /// An array of zeros.
  public init(shape: [Int]) {
    self.init(shape: shape, values: [Scalar](repeating: 0, count: shape.reduce(1, *)))
  }

  /// The same values, converted (rounded to nearest when the type is narrower).
  @inlinable
  public func converted<Other>(to type: Other.Type = Other.self) -> FeatureMap<Other> {
    FeatureMap<Other>(shape: shape, values: values.map { Other($0) })
  }
}

extension FeatureMap where Scalar == Float {
  /// Checks an input against `[any N, channels, height, width]`, where -1 stands for any size.
  ///
  /// - Throws: ``InferenceError/wrongInput(expected:actual:values:)``.
  package func require(_ expected: [Int]) throws(InferenceError) {
    let fits =
      shape.count == expected.count && zip(shape, expected).allSatisfy { $0 > 0 && ($1 < 0 || $0 == $1) }
    guard fits else { throw .wrongInput(expected: expected, actual: shape, values: values.count) }
  }
}
