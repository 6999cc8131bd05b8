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
  var engineClass: EngineClass { EngineClass(rounding.format) }

  init(
    _ rounding: Rounding, _ probe: EngineStage, after: Double, scope: PrecisionScope, isFolded: Bool,
    note: String? = nil
  ) {
    (self.rounding, self.probe, self.after) = (rounding, probe, after)
    id = rounding.causeID
    place = scope.place
    text = rounding.text(isFolded: isFolded) + scope.text + (note.map { "; \($0)" } ?? "")
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
