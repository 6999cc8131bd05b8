internal import ResNetArchitecture
internal import ResNetEngine
internal import SWT
internal import SWTGoldens

/// What was done to the values of a file, from its receipts.
public struct StoredPrecision: Sendable {
  /// `f16`, `bf16` or `i8` if weights were rounded to it; `f32` if only BatchNorm was folded.
  public let precision: String
  /// Whether BatchNorm was folded into the convolutions.
  public let isFolded: Bool
  /// Relative L2 error of each layer's weights, by layer name.
  public let layerErrors: [String: Double]

  /// Whether values have fewer bits than in the source.
  public var isReduced: Bool { precision != "f32" }

  /// Relative error of the output expected from the receipts.
  ///
  /// The errors of layers are independent, and each is passed on by the normalized layers after it, on
  /// average neither amplified nor attenuated: their squares add up.
  public var expectedError: Double { Self.sum(layerErrors.values) }

  static func sum(_ errors: some Sequence<Double>) -> Double {
    errors.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  /// Nil if the file has no receipts, or only empty ones.
  init?(_ file: SWTFile, _ tree: LayerTree) {
    var errors: [String: Double] = [:]
    var types: Set<SWTDType> = []
    var isFolded = false
    for name in tree.convolutions.map(\.name) + [tree.head?.name].compactMap(\.self) {
      guard let index = file.index(of: "\(name).weight"), let receipt = file.receipt(index),
        !receipt.operations.isEmpty
      else { continue }
      errors[name] = Double(receipt.relL2Error)
      if receipt.operations.contains(.fold) { isFolded = true }
      if !receipt.operations.isDisjoint(with: [.cast, .quantize]), let dtype = file.info(index).dtype {
        types.insert(dtype)
      }
    }
    guard !errors.isEmpty else { return nil }
    self.isFolded = isFolded
    layerErrors = errors
    precision =
      types.contains(.i8) ? "i8" : types.contains(.bf16) ? "bf16" : types.contains(.f16) ? "f16" : "f32"
  }
}

/// The bound for outputs of reduced precision, and of the verdict "reduced-precision".
public struct ReducedPrecision: Sendable {
  /// The source of the expected error.
  public enum Basis: String, Sendable {
    /// The golden: PyTorch ran with rounded weights.
    case golden
    /// The float64 engine, with stored weights that were proven to be the rounded weights of the source.
    case source
    /// The receipts in the file.
    case receipts
    /// The float64 engine, rounding weights and inputs of convolutions like the engine under test.
    case emulation
  }

  /// The expected error of an output.
  struct Expected: Sendable {
    /// `‖t − r‖₂ / ‖r‖₂`
    let relL2: Double
    /// `max |t − r| / std(r)`
    let maxOverStd: Double
  }

  /// What was done to stored values, from the receipts; nil if nothing was.
  public let stored: StoredPrecision?
  /// The source of the bound.
  public let basis: Basis
  /// `f16`, `bf16` or `i8`.
  public let precision: String
  /// By output and tap; others are judged by the receipts.
  private let measured: [String: Expected]

  init(_ stored: StoredPrecision, _ basis: Basis = .receipts, measured: [String: Expected] = [:]) {
    self.stored = stored
    self.basis = basis
    self.measured = measured
    precision = stored.precision
  }

  /// For an engine that computes in reduced precision; `measured` are the errors of the emulation.
  init(computing precision: ComputePrecision, _ stored: StoredPrecision?, measured: [String: Expected]) {
    self.stored = stored
    basis = .emulation
    self.measured = measured
    self.precision = precision.rawValue
  }

  /// Allowed multiple of an error that was measured on the same output.
  private static let measuredMultiple = 2.0
  /// Allowed multiple of the error expected from receipts. Networks pass on a layer's error with a factor
  /// near one: over the fixtures, f16, bf16 and i8 outputs had 0.4 to 1.8 times the expected error.
  private static let receiptMultiple = 4.0
  /// The largest of a thousand normally distributed errors is about three and a half standard deviations, and
  /// the standard deviation of an output may be half its root mean square.
  private static let usualRatio = 8.0

  /// The bound for an output or a tap.
  ///
  /// If the expected error is from an emulation, `usual` is the float32 bound: stages without
  /// reduced-precision computations have float32 errors, which the emulation lacks.
  func criterion(of output: String, k: Double?, usual: @autoclosure () -> Criterion) -> Criterion {
    if let expected = measured[output] {
      if basis == .emulation {
        let (usual, k) = (usual(), k ?? Self.measuredMultiple)
        var criterion = Criterion(
          floorRelL2: max(expected.relL2, usual.allowedRelL2 / k),
          floorMax: max(expected.maxOverStd, usual.allowedMax / (k * Criterion.maxFactor)), k: k)
        criterion.ceiling = max(k * expected.relL2, usual.ceiling)
        return criterion
      }
      var criterion = Criterion(
        floorRelL2: expected.relL2, floorMax: expected.maxOverStd, k: k ?? Self.measuredMultiple)
      // What this program measured may be as large as it is; what a golden states may not.
      criterion.ceiling = basis == .golden ? ToleranceCeiling.reduced(precision) : .infinity
      return criterion
    }
    return byReceipts(stored?.expectedError ?? 0, k)
  }

  /// The bound for one stage alone, with the reference's activation as input.
  func criterion(ofStage name: String, k: Double?) -> Criterion {
    let layers = (stored?.layerErrors ?? [:]).filter { $0.key == name || $0.key.hasPrefix("\(name).") }
    return byReceipts(max(StoredPrecision.sum(layers.values), 3e-7), k)
  }

  private func byReceipts(_ error: Double, _ k: Double?) -> Criterion {
    var criterion = Criterion(
      floorRelL2: error, floorMax: error * Self.usualRatio, k: k ?? Self.receiptMultiple, isCalibrated: false)
    criterion.ceiling = ToleranceCeiling.reduced(precision)
    return criterion
  }

  /// The criterion that a golden's floor for a precision gives.
  static func criterion(_ floor: Golden.Floor, _ precision: String) -> Criterion {
    var criterion = Criterion(
      floorRelL2: floor.relL2, floorMax: floor.maxOverStd, k: measuredMultiple)
    criterion.ceiling = ToleranceCeiling.reduced(precision)
    return criterion
  }
}
