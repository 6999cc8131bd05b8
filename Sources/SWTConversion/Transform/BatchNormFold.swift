internal import PthReader
internal import ResNetArchitecture
internal import SWTBytes
internal import SWTTensorFiles
internal import SWTTensors

/// The factors and biases that fold a BatchNorm into the convolution before it, in double precision.
///
/// `BN(w * x) = γ (w * x − μ) / √(σ² + ε) + β = (s·w) * x + (β − μ·s)` with `s = γ / √(σ² + ε)`: one factor
/// and one bias per filter. Swift never contracts a multiplication and an addition, so the bits are the same
/// on every machine.
struct BatchNormFold: Sendable {
  /// `s`, one per output channel.
  let factors: [Double]
  /// `β − μ·s`, not rounded yet.
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
  /// - Throws: ``ParseFailure`` if a value cannot be read; ``ConversionFailure`` with the channel if the
  ///   result is not finite, for example because a variance is −ε or less.
  init(
    of unit: ConvolutionUnit, epsilon: Double, _ entries: [String: TensorEntry], _ file: PthFile
  ) throws {
    func values(_ leaf: String) throws(ParseFailure) -> [Double] {
      let name = "\(unit.normName).\(leaf)"
      guard let entry = entries[name] else { throw ParseFailure(.invalid("the tensor \(name) is missing")) }
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
      "\(unit.normName) cannot be folded: channel \(channel) has factor \(factors[channel]) and bias "
        + "\(bias[channel])",
      .withoutFolding)
  }
}
