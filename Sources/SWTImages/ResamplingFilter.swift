/// A resampling filter, as in PIL.
public enum ResamplingFilter: String, Sendable {
  /// A triangle of radius 1.
  case bilinear
  /// Keys' cubic with a = -0.5, of radius 2.
  case bicubic

  /// The distance from the center at which the filter becomes zero.
  var support: Double { self == .bilinear ? 1 : 2 }

  /// The weight of a pixel at a distance from the center.
  func weight(at distance: Double) -> Double {
    let x = abs(distance)
    switch self {
    case .bilinear: return x < 1 ? 1 - x : 0
    case .bicubic:
      // Keys' cubic with a = -1/2.
      let a = -0.5
      if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
    }
  }
}
