/// Where the values of a tensor come from, and what is done to them.
public struct WeightChange: Sendable {
  /// Makes other values of a tensor's row-major values.
  public typealias Transform = @Sendable (ContiguousArray<Float>) -> ContiguousArray<Float>

  /// The tensor whose values are taken; nil is the tensor itself.
  public var source: String?
  /// What is done to them; nil is nothing.
  public var transform: Transform?

  /// Values of the tensor `source`, or of the tensor itself, after `transform`, where there is one.
  public init(from source: String? = nil, _ transform: Transform? = nil) {
    self.source = source
    self.transform = transform
  }
}

/// Weights of which some tensors are others than they are, for what-if runs.
public struct AlteredWeights<Base: WeightSource>: WeightSource {
  /// Where unchanged tensors come from.
  public let base: Base
  /// By the name of the tensor that is changed.
  public var changes: [String: WeightChange]

  /// The weights of `base` with some changes.
  public init(_ base: Base, _ changes: [String: WeightChange] = [:]) {
    self.base = base
    self.changes = changes
  }

  public func holds(_ name: String) -> Bool { base.holds(name) }

  public func withFloats<Result>(
    _ name: String, _ body: (Span<Float>) throws -> Result
  ) throws -> Result {
    guard let change = changes[name] else { return try base.withFloats(name, body) }
    let values = try base.withFloats(change.source ?? name) { span in
      ContiguousArray(span.indices.map { span[$0] })
    }
    return try lend(change.transform?(values) ?? values, to: body)
  }

  public func integers(_ name: String) throws -> QuantizedFilters? {
    changes[name] == nil ? try base.integers(name) : nil
  }
}

/// Apart because the compiler (6.3.1) crashes over a span of an array that only one of two paths makes.
@inline(never)
private func lend<Result>(
  _ floats: ContiguousArray<Float>, to body: (Span<Float>) throws -> Result
) throws -> Result {
  try body(floats.span)
}
