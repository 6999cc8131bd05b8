internal import SWTConsole
internal import SWTTensorFiles
package import SWTVerification

// What reports say of another engine; everything else of them is the same as for this program's own.

extension VerificationReport {
  /// The command whose report it is.
  var command: String { judgement == nil ? "verify" : "judge" }

  /// The class of the outputs, by name.
  var className: String { judgement?.engineClass.rawValue ?? verdictClass.rawValue }

  /// The report of `judge` for programs.
  func json(_ judgement: Judgement) -> JSONValue {
    [
      "schema": "pth2swt.judge/1", "engine": .string(judgement.engine), "model": .string(model),
      "architecture": .string(architecture), "content_id": contentID.map { .string($0) } ?? .null,
      "verdict": .string(passes ? "pass" : "fail"), "class": .string(judgement.engineClass.rawValue),
      "class_also": .array(judgement.otherClasses.map { .string($0.rawValue) }),
      "class_basis": judgement.basis.map { .string($0.rawValue) } ?? .null,
      "expected": judgement.expected.map { .string($0.rawValue) } ?? .null,
      "model_agrees": judgement.modelAgrees.map { .bool($0) } ?? .null,
      "model_times_floor": judgement.modelTimesFloor.map { .double($0) } ?? .null,
      "matched": .array(judgement.matched.map { .string($0) }),
      "taken_before_relu": .array(judgement.tapsBeforeReLU.map { .string($0) }),
      "ignored": .array(judgement.ignored.map { .string($0) }),
      "unjudged": .array(judgement.unjudged.map { .string($0) }),
      "goldens": .array(goldens.map(\.judged)),
    ]
  }
}

extension GoldenReport {
  /// A golden of a judgement.
  fileprivate var judged: JSONValue {
    [
      "name": .string(name), "producer": .string(producer), "outputs": .array(comparisons.map(\.json)),
      "first_divergence": divergence.map(\.json) ?? .null,
      "first_divergence_reason": divergenceReason.map { .string($0) } ?? .null,
      "blocks": .array(blocks.map(\.json)), "non_finite": nonFinite.map(\.json) ?? .null,
      "uncalibrated": .bool(isUncalibrated), "loose": .bool(isLoose),
      "remark": remark.map { .string($0) } ?? .null,
      "cause": cause.map(\.judged) ?? .null, "causes": .array(causes.map(\.judged)),
    ]
  }
}

extension Cause {
  /// A cause of a judgement: its side is a party.
  fileprivate var judged: JSONValue {
    let side = side == .input ? "input" : party == .engine ? "engine" : "model"
    return [
      "id": .string(id), "text": .string(text), "side": .string(side),
      "place": place.map { .string($0) } ?? .null, "fraction_left": .double(fractionLeft),
      "rel_l2_before": .double(relL2Before), "rel_l2_after": .double(relL2After),
      "confirmed": .bool(isConfirmed), "hint": hint.map { .string($0) } ?? .null,
    ]
  }
}

extension EngineClass {
  /// The class in words.
  var text: String {
    switch self {
    case .bitExact: "bit-exact"
    case .fp32: "float32 numerics"
    case .tf32: "TF32 numerics"
    case .f16: "float16 numerics"
    case .bf16: "bfloat16 numerics"
    case .i8: "8-bit numerics"
    case .wrong: "wrong result"
    }
  }
}

extension Judgement {
  /// The class in words, with those that it is not told from.
  package var accuracy: String {
    if otherClasses.isEmpty { return engineClass.text }
    let names = [engineClass] + otherClasses
    return names.map { $0.text.replacing(" numerics", with: "") }.joined(separator: " or ")
      + " numerics (10 bits of fraction)"
  }

  /// What is said of the three parties, in a sentence.
  func sentence(passes: Bool) -> String {
    let floors = modelTimesFloor.map { " (\(Text.times($0)) floors)" } ?? ""
    if modelAgrees == false {
      return "The model file itself fails the golden\(floors), so nothing can be said of \(engine)."
    }
    let model = "the model file itself agrees with the golden\(floors)"
    if passes {
      let meant = expected.map { $0 != .fp32 ? ", as was meant" : "" } ?? ""
      return "\(engine) agrees with the golden: \(accuracy)\(meant); \(model)."
    }
    let what = basis == .size ? "an error of that size without proof, \(accuracy)" : accuracy
    return "\(engine) does not agree with the golden: \(what); \(model)."
  }

  /// What a reader has to know beside the verdict.
  package func notes(passes: Bool) -> [String] {
    var notes = [sentence(passes: passes)]
    if !ignored.isEmpty {
      notes.append(
        "ignored, because the network has no such output: \(ignored.prefix(8).joined(separator: ", "))"
          + (ignored.count > 8 ? ", …" : ""))
    }
    if !tapsBeforeReLU.isEmpty {
      notes.append(
        "taken before the ReLU, and compared after it: \(tapsBeforeReLU.prefix(8).joined(separator: ", "))"
          + (tapsBeforeReLU.count > 8 ? ", …" : ""))
    }
    if !unjudged.isEmpty { notes.append("no outputs for: \(unjudged.joined(separator: ", "))") }
    return notes
  }
}
