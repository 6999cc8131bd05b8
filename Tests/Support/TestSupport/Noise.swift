internal import SWTTensors

/// Numbers that depend on the seed alone, on every machine.
package struct Noise: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    defer { state &+= 0x9E37_79B9_7F4A_7C15 }
    return SplitMix64.at(state)
  }

  package mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
  }

  /// Uniform in `range`.
  package mutating func floats(_ count: Int, in range: Range<Float>) -> ContiguousArray<Float> {
    let step = (range.upperBound - range.lowerBound) / Float(1 << 24)
    return ContiguousArray((0..<count).map { _ in range.lowerBound + Float(next() >> 40) * step })
  }
}
