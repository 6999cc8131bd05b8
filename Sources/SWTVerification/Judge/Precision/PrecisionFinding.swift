internal import ResNetArchitecture
internal import ResNetEngine

/// An explanation of an engine's errors by numbers with fewer bits.
struct PrecisionFinding {
  let rounding: Rounding
  /// `bf16-operands`, `f16-weights`, `i8` …
  let id: String
  let text: String
  /// The layer that alone rounds; nil for the network.
  let place: String?
  /// The part of the network that decided, and its error with and without the rounding.
  let probe: EngineStage
  let after: Double

  var fractionLeft: Double { after / probe.metrics.relL2 }

  /// The class of outputs computed so.
  var engineClass: EngineClass {
    switch rounding.format {
    case .bf16: .bf16
    case .f16: .f16
    case .tf32: .tf32
    case .i8: .i8
    }
  }

  init(
    _ rounding: Rounding, _ probe: EngineStage, after: Double, scope: PrecisionScope, isFolded: Bool,
    note: String? = nil
  ) {
    (self.rounding, self.probe, self.after) = (rounding, probe, after)
    id = rounding.format == .i8 ? "i8" : "\(rounding.format.rawValue)-\(rounding.extent.rawValue)"
    let name = Self.name(rounding.format)
    let what =
      switch rounding.extent {
      case .weights: rounding.roundsParameters ? "\(name) weights and biases" : "\(name) weights"
      case .operands: "\(name) operands: weights and activations are rounded before they are multiplied"
      case .stored where rounding.roundsParameters: "every tensor in \(name), BatchNorm's parameters included"
      case .stored: "\(name) operands and results: every layer's output is rounded, too"
      }
    place = scope.place
    text =
      "the engine has \(what)" + (rounding.foldsFirst && !isFolded ? ", after BatchNorm is folded" : "")
      + scope.text + (note.map { "; \($0)" } ?? "")
  }

  private static func name(_ format: Rounding.Format) -> String {
    switch format {
    case .bf16: "bfloat16"
    case .f16: "float16"
    case .tf32: "TF32"
    case .i8: "8-bit integer"
    }
  }
}

/// The layers that have fewer bits.
enum PrecisionScope {
  /// Every layer that shows it.
  case all
  /// All except those before the first that shows it.
  case allExcept(String)
  /// The classifier.
  case only(String)

  var place: String? {
    if case .only(let layer) = self { layer } else { nil }
  }

  var text: String {
    switch self {
    case .all: ", in every layer"
    case .allExcept(let stem): ", in every layer except \(stem)"
    case .only(let layer): ", in \(layer) alone"
    }
  }
}
