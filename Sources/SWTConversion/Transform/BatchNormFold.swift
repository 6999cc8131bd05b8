internal import PthReader
internal import ResNetArchitecture
internal import SWTBytes
internal import SWTTensorFiles
internal import SWTTensors

/// What a BatchNorm does to the convolution before it, in double precision.
///
/// `BN(w * x) = γ (w * x − μ) / √(σ² + ε) + β = (s·w) * x + (β − μ·s)` with `s = γ / √(σ² + ε)`: one factor for each
/// filter and one bias. Swift contracts no multiplication with an addition, so the bits are the same everywhere.
struct BatchNormFold: Sendable {
  /// `s`, one for each output channel.
  let factors: [Double]
  /// `β − μ·s`, not yet rounded.
  let bias: [Double]

  /// - Parameters:
  ///   - weight: γ, `[channels]`.
  ///   - bias: β, `[channels]`.
  ///   - mean: μ, `[channels]`.
  ///   - variance: σ², `[channels]`.
  ///   - epsilon: ε.
  init(weight: [Double], bias: [Double], mean: [Double], variance: [Double], epsilon: Double) {
    let factors = weight.indices.map { weight[$0] / (variance[$0] + epsilon).squareRoot() }
    self.factors = factors
    self.bias = weight.indices.map { bias[$0] - mean[$0] * factors[$0] }
  }

  /// Reads the four tensors of a unit's BatchNorm.
  ///
  /// - Throws: ``ParseFailure`` when a value cannot be read; ``ConversionFailure`` when the result is not finite (a
  ///   variance of −ε or less, say), which names the channel.
  init(
    of unit: ConvolutionUnit, epsilon: Double, _ entries: [String: TensorEntry], _ file: PthFile
  ) throws {
    func values(_ leaf: String) throws(ParseFailure) -> [Double] {
      let name = "\(unit.normName).\(leaf)"
      guard let entry = entries[name] else { throw ParseFailure(.invalid("it has no \(name)")) }
      do throws(ParseFailure) {
        return try file.doubles(of: entry)
      } catch {
        throw error.inside(entry.name)
      }
    }
    self.init(
      weight: try values("weight"), bias: try values("bias"), mean: try values("running_mean"),
      variance: try values("running_var"), epsilon: epsilon)
    guard let channel = factors.indices.first(where: { !factors[$0].isFinite || !bias[$0].isFinite }) else {
      return
    }
    throw ConversionFailure.architecture(
      "\(unit.normName) cannot be folded: channel \(channel) has the factor \(factors[channel]) and the bias "
        + "\(bias[channel])",
      .withoutFolding)
  }
}
