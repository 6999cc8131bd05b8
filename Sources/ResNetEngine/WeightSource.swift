package import ResNetArchitecture

/// Where an engine's weights come from, by torchvision's state-dict names.
///
/// BatchNorm may be separate (`bn1.weight`, `bn1.bias`, `bn1.running_mean`, `bn1.running_var`) or already
/// folded (then the convolution has a bias, `conv1.bias`, and no `bn1.*` exists). Asked from one thread only.
public protocol WeightSource {
  /// True when a tensor of that name exists.
  func holds(_ name: String) -> Bool

  /// Lends the tensor's elements, row-major, in `float32`; a mapped file can do so without a copy.
  ///
  /// - Throws: What `body` throws, and an error when there is no such tensor or its values cannot be read.
  func withFloats<Result>(
    _ name: String, _ body: (Span<Float>) throws -> Result
  ) throws -> Result

  /// The tensor as symmetric 8-bit integers with a scale for each output channel; nil when it is not stored
  /// so.
  ///
  /// - Throws: An error when its values cannot be read.
  func integers(_ name: String) throws -> QuantizedFilters?
}

extension WeightSource {
  public func integers(_ name: String) throws -> QuantizedFilters? { nil }
}

/// Weights in memory.
public struct WeightTable: WeightSource, Sendable {
  /// Row-major values by state-dict name.
  public var tensors: [String: ContiguousArray<Float>]

  /// A table of these tensors.
  public init(_ tensors: [String: ContiguousArray<Float>] = [:]) {
    self.tensors = tensors
  }

  public func holds(_ name: String) -> Bool { tensors[name] != nil }

  public func withFloats<Result>(
    _ name: String, _ body: (Span<Float>) throws -> Result
  ) throws -> Result {
    guard let tensor = tensors[name] else { throw InferenceError.missingTensor(name) }
    return try body(tensor.span)
  }
}

extension WeightSource {
  /// Lends a tensor after checking its existence and size.
  package func withFloats<Result>(
    _ name: String, count: Int, _ body: (Span<Float>) throws -> Result
  ) throws -> Result {
    guard holds(name) else { throw InferenceError.missingTensor(name) }
    return try withFloats(name) { span in
      guard span.count == count else {
        throw InferenceError.wrongCount(name, expected: count, actual: span.count)
      }
      return try body(span)
    }
  }

  /// A copy of a small tensor in double precision.
  package func doubles(_ name: String, count: Int) throws -> [Double] {
    try withFloats(name, count: count) { span in span.indices.map { Double(span[$0]) } }
  }
}

/// What a convolution's BatchNorm, and its own bias if any, do to the plain sum, in double precision.
package struct Normalization: Sendable {
  /// Per output channel; `nil` where BatchNorm is folded into the weights already.
  package struct Norm: Sendable {
    package var weight, bias, mean, variance: [Double]
  }
  package var norm: Norm?
  /// The convolution's own bias.
  package var bias: [Double]?
  package var epsilon: Double

  /// - Parameters:
  ///   - unit: The convolution.
  ///   - epsilon: Another epsilon than the unit's.
  ///   - source: The network's weights.
  /// - Throws: What `source` throws.
  package init(of unit: ConvolutionUnit, epsilon: Double? = nil, from source: some WeightSource) throws {
    let count = unit.outputChannels
    func norm(_ leaf: String) throws -> [Double] {
      try source.doubles("\(unit.normName).\(leaf)", count: count)
    }
    self.epsilon = epsilon ?? unit.epsilon
    bias =
      source.holds("\(unit.name).bias") ? try source.doubles("\(unit.name).bias", count: count) : nil
    // Neither a norm nor a bias: report the norm as missing.
    let folded = !source.holds("\(unit.normName).running_var") && bias != nil
    self.norm =
      folded
      ? nil
      : Norm(
        weight: try norm("weight"), bias: try norm("bias"), mean: try norm("running_mean"),
        variance: try norm("running_var"))
  }

  /// The same as one multiplication of the weights and one bias: `s = γ/√(σ²+ε)`, `b' = β + (b − µ)·s`.
  package var folded: (scale: [Double]?, bias: [Double]) {
    guard let norm else { return (nil, bias ?? []) }
    let scale = norm.weight.indices.map { norm.weight[$0] / (norm.variance[$0] + epsilon).squareRoot() }
    let shift = norm.weight.indices.map { norm.bias[$0] + ((bias?[$0] ?? 0) - norm.mean[$0]) * scale[$0] }
    return (scale, shift)
  }
}
