internal import SWTBytes

/// The difference between a result and its reference, over all elements.
///
/// `relL2 = ‖y − r‖₂ / ‖r‖₂` and `max = max |y − r| / std(r)` are used by the criterion; the others are for
/// people. Computed in double precision.
public struct ErrorMetrics: Equatable, Sendable {
  /// `‖y − r‖₂ / ‖r‖₂`.
  public var relL2: Double
  /// Largest absolute error divided by the population standard deviation of the reference.
  public var maxOverStd: Double
  /// Largest absolute error.
  public var maxAbs: Double
  /// Standard deviation of the reference; its root mean square if all values are equal.
  public var scale: Double
  /// One minus the cosine similarity; 0 for parallel vectors.
  public var oneMinusCosine: Double
  /// Flat index of the first NaN or infinity in the result, if any.
  public var firstNonFinite: Int?
  /// Whether every element, rounded to float32, has the bits of the reference.
  public var isBitExact: Bool

  /// Compares `result` with `reference`, which must have the same, non-zero count.
  public init(_ result: [Double], reference: [Double]) {
    precondition(result.count == reference.count, "result and reference differ in size")
    var errorSquares = 0.0
    var referenceSquares = 0.0
    var resultSquares = 0.0
    var dot = 0.0
    var sum = 0.0
    var largest = 0.0
    var exact = true
    firstNonFinite = nil
    for i in reference.indices {
      let (y, r) = (result[i], reference[i])
      if !y.isFinite, firstNonFinite == nil { firstNonFinite = i }
      let error = y - r
      errorSquares += error * error
      referenceSquares += r * r
      resultSquares += y * y
      dot += y * r
      sum += r
      largest = max(largest, abs(error))
      exact = exact && Float(y).bitPattern == Float(r).bitPattern
    }
    let count = Double(max(1, reference.count))
    let mean = sum / count
    // Two passes: the one-pass formula loses all digits if the mean is large.
    scale = (reference.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
    let norm = referenceSquares.squareRoot()
    // A single value, or equal ones, have no spread to compare with.
    if scale == 0 { scale = norm / count.squareRoot() }
    if firstNonFinite != nil {
      (relL2, maxOverStd, maxAbs, oneMinusCosine) = (.nan, .nan, .nan, .nan)
    } else {
      relL2 = Self.ratio(errorSquares.squareRoot(), norm)
      maxAbs = largest
      maxOverStd = Self.ratio(largest, scale)
      let norms = norm * resultSquares.squareRoot()
      oneMinusCosine = norms > 0 ? max(0, 1 - dot / norms) : (errorSquares == 0 ? 0 : 1)
    }
    isBitExact = exact && !reference.isEmpty
  }

  /// A zero error is zero even relative to a zero reference.
  private static func ratio(_ error: Double, _ size: Double) -> Double {
    error == 0 ? 0 : size > 0 ? error / size : .infinity
  }

  /// Signal-to-noise ratio in decibels.
  public var snr: Double { relL2 == 0 ? .infinity : -20 * Logarithm.base10(relL2) }
}
