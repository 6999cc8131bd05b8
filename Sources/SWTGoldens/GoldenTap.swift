internal import SWTTensors

/// The reference output of one layer: complete, or samples.
package struct GoldenTap: Equatable, Sendable {
  package enum Values: Equatable, Sendable {
    /// Every element, rounded to float32.
    case full([Float])
    /// Elements at flat indices `splitmix64(seed + j) mod count`, rounded to float32.
    case sampled(seed: UInt64, [Float])
  }

  /// Statistics of the whole tap, in float64.
  package struct Statistics: Equatable, Sendable {
    package let mean: Double
    /// Population standard deviation (divisor: count).
    package let std: Double
    package let absmax: Double
    package let l2: Double
  }

  /// `conv1`, `maxpool`, `layer1.0` …, `avgpool`, or a single convolution such as `layer1.0.conv2`.
  package let name: String
  /// Shape of the whole tap, even if only samples are stored.
  package let shape: [Int]
  package let values: Values
  package let statistics: Statistics?

  package var elementCount: Int { shape.reduce(1, *) }

  package var isFull: Bool {
    if case .full = values { true } else { false }
  }

  /// The stored values: all elements, or the samples.
  package var stored: [Float] {
    switch values {
    case .full(let values), .sampled(_, let values): values
    }
  }

  /// The elements of a computed tap that correspond to the stored values.
  ///
  /// - Precondition: `computed` has ``elementCount`` elements.
  package func select<T>(_ computed: [T]) -> [T] {
    precondition(computed.count == elementCount, "the tap has a different shape")
    guard case .sampled(let seed, let values) = self.values else { return computed }
    return Self.indices(seed: seed, count: values.count, of: computed.count).map { computed[$0] }
  }

  /// Flat indices of the samples: `splitmix64(seed + j) mod elements`.
  ///
  /// - Precondition: `elements` is positive.
  package static func indices(seed: UInt64, count: Int, of elements: Int) -> [Int] {
    precondition(elements > 0, "nothing to sample")
    return (0..<count).map { Int(SplitMix64.at(seed &+ UInt64($0)) % UInt64(elements)) }
  }
}
