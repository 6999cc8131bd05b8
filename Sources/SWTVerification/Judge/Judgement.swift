/// What a report says of an engine under test, beside the comparisons of each golden.
package struct Judgement: Sendable {
  /// The engine's name, for people.
  package var engine: String
  /// The precision that was meant; nil for float32.
  package var expected: EngineClass?
  /// The accuracy of all outputs together.
  package var engineClass: EngineClass
  /// Classes that the outputs do not tell from ``engineClass``: TF32 and float16 have equally many bits.
  package var otherClasses: [EngineClass] = []
  /// What shows ``engineClass``, the weakest of all goldens; nil unless it is a reduced precision.
  package var basis: ClassBasis?
  /// Whether the model file itself agrees with the goldens; nil if that is unknown.
  package var modelAgrees: Bool?
  /// The model's largest error, in floors.
  package var modelTimesFloor: Double?
  /// The network's names of the outputs and taps that were compared.
  package var matched: [String] = []
  /// Those that were given as they are before the ReLU at their end, and were compared after it.
  package var tapsBeforeReLU: [String] = []
  /// The engine's names of arrays that are nothing of the network.
  package var ignored: [String] = []
  /// Goldens without outputs of the engine.
  package var unjudged: [String] = []
}

/// The program that computed the outputs which a cause explains.
public enum CauseParty: Sendable {
  /// The implementation that made the golden, compared with the model.
  case reference
  /// An engine under test, compared with a model that agrees with the golden.
  case engine
}
