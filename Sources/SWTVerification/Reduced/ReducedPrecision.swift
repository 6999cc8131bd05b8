internal import ResNetArchitecture
internal import ResNetEngine
internal import SWT
internal import SWTGoldens

/// What a file says was done to its values: its receipts.
public struct StoredPrecision: Sendable {
  /// `f16`, `bf16` or `i8` when weights were rounded to that; `f32` when BatchNorm was folded and no more.
  public let precision: String
  /// Whether BatchNorm was folded into convolutions.
  public let isFolded: Bool
  /// Relative L2 error of each layer's weights, by the layer's name.
  public let layerErrors: [String: Double]

  /// True when values have fewer bits than the source's.
  public var isReduced: Bool { precision != "f32" }

  /// Relative error that the receipts let expect of the output.
  ///
  /// The layers' errors are independent of each other and each is passed on, neither grown nor shrunk on the whole,
  /// by the normalised layers behind it: they add as squares.
  public var expectedError: Double { Self.sum(layerErrors.values) }

  static func sum(_ errors: some Sequence<Double>) -> Double {
    errors.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  /// nil when the file has no receipts, or only empty ones.
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

/// How far values stored in fewer bits may take an output: the bound of the verdict "reduced-precision".
public struct ReducedPrecision: Sendable {
  /// Where the expected error comes from.
  public enum Basis: String, Sendable {
    /// The golden: PyTorch rounded the weights and ran.
    case golden
    /// The double engine, on stored weights that were shown to be those of the source, rounded.
    case source
    /// The receipts in the file.
    case receipts
    /// The double engine, rounding weights and inputs of convolutions as the engine under test does.
    case emulation
  }

  /// What an output's error is expected to be.
  struct Expected: Sendable {
    /// `‖t − r‖₂ / ‖r‖₂`
    let relL2: Double
    /// `max |t − r| / std(r)`
    let maxOverStd: Double
  }

  /// What the receipts say; nil where nothing was changed.
  public let stored: StoredPrecision?
  /// Where the bound comes from.
  public let basis: Basis
  /// `f16`, `bf16` or `i8`.
  public let precision: String
  /// By output and tap; what is not in it is judged by the receipts.
  private let measured: [String: Expected]

  init(_ stored: StoredPrecision, _ basis: Basis = .receipts, measured: [String: Expected] = [:]) {
    self.stored = stored
    self.basis = basis
    self.measured = measured
    precision = stored.precision
  }

  /// For an engine that computes with reduced numbers: `measured` is the emulation's error.
  init(computing precision: ComputePrecision, _ stored: StoredPrecision?, measured: [String: Expected]) {
    self.stored = stored
    basis = .emulation
    self.measured = measured
    self.precision = precision.rawValue
  }

  /// Allowed multiple of an error that was measured on that very output.
  private static let measuredMultiple = 2.0
  /// Allowed multiple of what the receipts let expect. Networks pass a layer's error on with a factor near one:
  /// over the fixtures and f16, bf16 and i8 outputs had 0.4 to 1.8 times the expected error.
  private static let receiptMultiple = 4.0
  /// The largest of a thousand normally distributed errors is near three and a half deviations, and the deviation of
  /// an output may be half its norm.
  private static let usualRatio = 8.0

  /// The bound for an output or a tap.
  ///
  /// Where an emulation stands for what is expected, `usual` is what float32 is allowed there: stages that
  /// compute no reduced numbers have that error, and the emulation none.
  func criterion(of output: String, k: Double?, usual: @autoclosure () -> Criterion) -> Criterion {
    if let expected = measured[output] {
      if basis == .emulation {
        let (usual, k) = (usual(), k ?? Self.measuredMultiple)
        return Criterion(
          floorRelL2: max(expected.relL2, usual.allowedRelL2 / k),
          floorMax: max(expected.maxOverStd, usual.allowedMax / (k * Criterion.maxFactor)), k: k)
      }
      return Criterion(
        floorRelL2: expected.relL2, floorMax: expected.maxOverStd, k: k ?? Self.measuredMultiple)
    }
    return byReceipts(stored?.expectedError ?? 0, k)
  }

  /// The bound for one stage alone, fed with the reference's own activation.
  func criterion(ofStage name: String, k: Double?) -> Criterion {
    let layers = (stored?.layerErrors ?? [:]).filter { $0.key == name || $0.key.hasPrefix("\(name).") }
    return byReceipts(max(StoredPrecision.sum(layers.values), 3e-7), k)
  }

  private func byReceipts(_ error: Double, _ k: Double?) -> Criterion {
    Criterion(
      floorRelL2: error, floorMax: error * Self.usualRatio, k: k ?? Self.receiptMultiple, isCalibrated: false)
  }
}
