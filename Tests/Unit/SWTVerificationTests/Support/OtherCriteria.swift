internal import SWTConsole
import SWTVerification

/// Acceptance criteria of other tools, with the thresholds of their sources and documentation.
enum OtherCriteria: String, CaseIterable {
  /// MMdnn's conversion tests: both sides sorted, SNR above 12 dB, PSNR above 30 dB, largest error below
  /// 0.15.
  case mmdnn = "MMdnn"
  /// tt-torch's default: a correlation above 0.96.
  case correlation = "PCC 0.96"
  /// Core ML's documentation: PSNR of at least 40 dB.
  case coreML = "PSNR 40"
  /// Polygraphy: cosine above 0.997, SNR above 20 dB.
  case polygraphy = "Polygraphy"
  /// Every element within 1e-3 + 1e-3 · |expected|.
  case allClose = "allclose 1e-3"

  func accepts(_ result: [Double], _ reference: [Double]) -> Bool {
    switch self {
    case .mmdnn:
      let (y, r) = (result.sorted(by: >), reference.sorted(by: >))
      let error = zip(y, r).map { abs($0 - $1) / max(1, abs($0), abs($1)) }.max() ?? 0
      let noise = Self.noise(y, r) + 1e-7
      return Self.energy(r) > 15.848_931_92 * noise && Self.peak(r) > 1000 * noise && error < 0.15
    case .correlation:
      let (a, b) = (Self.centred(result), Self.centred(reference))
      let product = zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
      return product > 0.96 * (Self.energy(a) * Self.energy(b)).squareRoot() * Double(a.count)
    case .coreML: return Self.peak(reference) >= 10_000 * Self.noise(result, reference)
    case .polygraphy:
      let metrics = ErrorMetrics(result, reference: reference)
      return metrics.oneMinusCosine < 0.003 && metrics.snr > 20
    case .allClose: return zip(result, reference).allSatisfy { abs($0 - $1) <= 1e-3 + 1e-3 * abs($1) }
    }
  }

  private static func noise(_ y: [Double], _ r: [Double]) -> Double {
    zip(y, r).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Double(r.count)
  }
  private static func energy(_ r: [Double]) -> Double { r.reduce(0) { $0 + $1 * $1 } / Double(r.count) }
  private static func peak(_ r: [Double]) -> Double { r.map { $0 * $0 }.max() ?? 0 }
  private static func centred(_ r: [Double]) -> [Double] {
    let mean = r.reduce(0, +) / Double(r.count)
    return r.map { $0 - mean }
  }
}
