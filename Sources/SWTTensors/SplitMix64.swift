/// The generator behind every formula in a golden: a 64-bit hash of a counter, easy to reproduce in any
/// language.
///
/// Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
package enum SplitMix64 {
  /// The value at `counter`: `splitmix64(counter)` of the golden format.
  @inlinable package static func at(_ counter: UInt64) -> UInt64 {
    var z = counter &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// Uniform in [-1, 1) and exact: 24 bits of the value at `counter`.
  @inlinable package static func unit(_ counter: UInt64) -> Float {
    Float(at(counter) >> 40) * 0x1p-23 - 1
  }
}
