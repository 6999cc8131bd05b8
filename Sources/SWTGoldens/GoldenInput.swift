internal import SWTTensors

/// The input of the network: `[N, 3, H, W]` values, stored or computed by a formula.
package struct GoldenInput: Equatable, Sendable {
  package enum Values: Equatable, Sendable {
    case stored([Float])
    case formula(InputFormula)
  }

  package let shape: [Int]
  package let values: Values

  init(shape: [Int], values: Values) { (self.shape, self.values) = (shape, values) }

  package init(_ formula: InputFormula) { self.init(shape: formula.shape, values: .formula(formula)) }

  /// - Throws: ``GoldenFailure`` if the shape is not `[N, 3, H, W]` or too large, or the count of values does
  ///   not fit.
  package init(shape: [Int], floats: [Float]) throws(GoldenFailure) {
    try InputFormula.requireImages(shape)
    guard shape.reduce(1, *) == floats.count else {
      throw .inconsistent("the input has shape \(shape) and \(floats.count) values")
    }
    self.init(shape: shape, values: .stored(floats))
  }

  package var elementCount: Int { shape.reduce(1, *) }

  /// The values, row-major; a formula is evaluated on every call.
  package func floats() -> [Float] {
    switch values {
    case .stored(let values): values
    case .formula(let formula): formula.floats()
    }
  }
}

/// An input that is computed, not stored. Every step is exact in float32, so every program gets the same
/// bits.
package struct InputFormula: Equatable, Sendable {
  package enum Kind: String, Sendable {
    /// Six octaves of block noise around a mean per channel: spatially asymmetric, image-like.
    case multiscale = "multiscale-1"
    /// Uniform in [-1, 1): only a smoke test; noise hides some faults.
    case uniform = "uniform-1"
  }

  package let kind: Kind
  package let seed: UInt64
  /// `[N, 3, H, W]`.
  package let shape: [Int]

  /// Most elements of an input: 256 MiB of float32.
  package static let elementLimit = 64 << 20

  package init(kind: Kind, seed: UInt64, shape: [Int]) throws(GoldenFailure) {
    self.kind = kind
    self.seed = seed
    self.shape = shape
    try Self.requireImages(shape)
  }

  /// Parses `multiscale-1 seed=1 shape=1,3,224,224`.
  package init(_ text: String) throws(GoldenFailure) {
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[1].hasPrefix("seed="), parts[2].hasPrefix("shape=") else {
      throw .unsupported("the input formula \(text)")
    }
    guard let kind = Kind(rawValue: String(parts[0])) else {
      throw .unsupported("the input formula \(parts[0])")
    }
    guard let seed = UInt64(parts[1].dropFirst(5)), let shape = GoldenFields.integers(parts[2].dropFirst(6))
    else { throw .inconsistent("the input formula \(text)") }
    try self.init(kind: kind, seed: seed, shape: shape)
  }

  /// The text that ``init(_:)`` reads.
  package var text: String {
    "\(kind.rawValue) seed=\(seed) shape=\(shape.map(String.init).joined(separator: ","))"
  }

  static func requireImages(_ shape: [Int]) throws(GoldenFailure) {
    guard shape.count == 4, shape.allSatisfy({ 1...elementLimit ~= $0 }) else {
      throw .inconsistent("the input has shape \(shape); expected [N, C, H, W]")
    }
    var count = 1
    for size in shape {
      // Both factors are at most 2^26, so this cannot overflow.
      count *= size
      guard count <= elementLimit else { throw .unsupported("an input of shape \(shape) is too large") }
    }
  }

  package func floats() -> [Float] {
    let count = shape.reduce(1, *)
    guard kind == .multiscale else { return (0..<count).map { SplitMix64.unit(seed &+ UInt64($0)) } }
    let (height, width) = (shape[2], shape[3])
    var values: [Float] = []
    values.reserveCapacity(count)
    for image in 0..<shape[0] {
      for channel in 0..<shape[1] {
        var sums = [Int32](repeating: Int32(channel - 1) * 131_072, count: height * width)
        for octave in 0..<6 {
          let start = seed &+ UInt64((image * 3 + channel) * 8 + octave) << 40
          Self.addNoise(&sums, start, octave, height, width)
        }
        // The sum has fewer than 24 bits and the factor is a power of two, so the value is exact.
        for sum in sums { values.append(Float(sum) * 0x1p-19) }
      }
    }
    return values
  }

  /// Adds `(u − 32768) · 2^octave`, constant within squares of side `2^octave`.
  private static func addNoise(
    _ sums: inout [Int32], _ start: UInt64, _ octave: Int, _ height: Int, _ width: Int
  ) {
    let side = 1 << octave
    for top in stride(from: 0, to: height, by: side) {
      let row = start &+ UInt64(top >> octave) << 20
      for left in stride(from: 0, to: width, by: side) {
        let u = Int32(SplitMix64.at(row &+ UInt64(left >> octave)) >> 48)
        let noise = (u - 32768) << Int32(octave)
        for y in top..<min(top + side, height) {
          for x in left..<min(left + side, width) { sums[y * width + x] += noise }
        }
      }
    }
  }
}
